package query

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/otdemo/otdemo/pkg/loss"
)

// Loss reads the embedded backend's account of losses. The error is one for which
// IsMissingPath returns true if the backend is another one.
func (c *Client) Loss(ctx context.Context) (loss.Account, error) {
	resp, err := c.get(ctx, c.base.JoinPath("api", "loss"))
	if err != nil {
		return loss.Account{}, err
	}
	defer resp.close()
	if resp.Status != http.StatusOK || !resp.looksJSON() {
		return loss.Account{}, resp.unexpected("")
	}
	var account loss.Account
	if err := json.NewDecoder(resp.body).Decode(&account); err != nil {
		return loss.Account{}, resp.decodeError(err)
	}
	if account.SchemaVersion == 0 {
		return loss.Account{}, resp.unexpected(`it has no "schema_version"`)
	}
	return account, nil
}
