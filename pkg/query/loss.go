package query

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/otdemo/otdemo/pkg/loss"
)

// Loss reads the embedded backend's account of losses. The error is one for which
// IsMissingPath returns true if the backend is another one.
func (c *Client) Loss(ctx context.Context) (account loss.Account, err error) {
	err = c.read(ctx, "api/loss", nil, (*answer).looksJSON, func(r io.Reader) error {
		if err := json.NewDecoder(r).Decode(&account); err != nil {
			return err
		}
		if account.SchemaVersion == 0 {
			return errors.New(`it has no "schema_version"`)
		}
		return nil
	})
	return account, err
}
