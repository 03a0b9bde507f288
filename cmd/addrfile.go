package cmd

import (
	"context"
	"encoding/json"
	"fmt"
)

// writeAddrFile writes addrs, name to host:port, as JSON to path, so that a script
// can read the ports that were chosen. The file is written completely or not at all.
// With an empty path it does nothing.
func (a *app) writeAddrFile(ctx context.Context, path string, addrs map[string]string) error {
	if path == "" {
		return nil
	}
	content, err := json.MarshalIndent(addrs, "", "  ")
	if err != nil {
		return fmt.Errorf("addr-file: %w", err)
	}
	if err := a.env.writeFile(ctx, path, append(content, '\n'), 0o666); err != nil {
		return fmt.Errorf("addr-file: %w", err)
	}
	return nil
}
