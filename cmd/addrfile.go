package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// writeAddrFile writes addrs, name to host:port, as JSON to path, so that a
// script learns the ports that were picked. The file appears with its whole
// content or not at all. An empty path writes nothing.
func writeAddrFile(path string, addrs map[string]string) error {
	if path == "" {
		return nil
	}
	content, err := json.MarshalIndent(addrs, "", "  ")
	if err != nil {
		return fmt.Errorf("addr-file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("addr-file: %w", err)
	}
	_, err = tmp.Write(append(content, '\n'))
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("addr-file: %w", err)
	}
	return nil
}
