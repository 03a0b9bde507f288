package stores

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// central is Maven Central.
	central = "https://repo.maven.apache.org/maven2/"
	// jarTimeout is for one jar, of 140 MB at most.
	jarTimeout = 5 * time.Minute
	// jarTries bounds how often a jar is asked for that does not arrive whole.
	jarTries = 3
)

// Fetch makes sure that the cache holds all jars of d, each with the checksum that
// this package has for it. What is there is not fetched again; a download that
// fails or is interrupted leaves nothing there. Tests leave it to buildstores.
func Fetch(ctx context.Context, d Distribution, logger *slog.Logger) error {
	return fetch(ctx, central, d, logger)
}

// fetch is Fetch from any repository.
func fetch(ctx context.Context, repository string, d Distribution, logger *slog.Logger) error {
	jars, err := d.jars()
	if err != nil {
		return err
	}
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	// Kept-alive connections would outlive the last download.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: jarTimeout}
	fetched, started := 0, time.Now()
	for _, j := range jars {
		path := j.in(dir)
		if _, err := os.Stat(path); err == nil {
			continue
		} else if !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("look for %s: %w", j.path, err)
		}
		if err := j.fetch(ctx, client, repository, path); err != nil {
			return fmt.Errorf("fetch %s of %s: %w", j.path, d, err)
		}
		fetched++
	}
	if fetched > 0 {
		logger.InfoContext(ctx, "fetched a store", "store", d.String(),
			"jars", fetched, "elapsed", time.Since(started).Round(time.Second))
	}
	return nil
}

// fetch puts j at path, unpacked when it is a zip file.
func (j jar) fetch(ctx context.Context, client *http.Client, repository, path string) error {
	if !strings.HasSuffix(j.path, zipped) {
		return download(ctx, client, repository+j.path, j.sum, path)
	}
	archive := path + zipped
	if err := download(ctx, client, repository+j.path, j.sum, archive); err != nil {
		return err
	}
	defer os.Remove(archive)
	return unpack(archive, path)
}

// unpack puts the content of archive, which is one directory, at path.
func unpack(archive, path string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer r.Close()
	// Beside its final place, as a download.
	dir, err := os.MkdirTemp(filepath.Dir(path), "unpack-*")
	if err != nil {
		return fmt.Errorf("make room to unpack: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, r); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	content, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if len(content) != 1 {
		return fmt.Errorf("unpack: %d files at the top, want one directory", len(content))
	}
	if err := os.Rename(filepath.Join(dir, content[0].Name()), path); err != nil {
		return fmt.Errorf("put it into the cache: %w", err)
	}
	return nil
}

// download asks until the file has come whole or jarTries are over.
func download(ctx context.Context, client *http.Client, url, sum, path string) error {
	for try := 1; ; try++ {
		err := save(ctx, client, url, sum, path)
		if err == nil || try == jarTries || ctx.Err() != nil {
			return err
		}
	}
}

// save puts what url answers with at path, if it has the checksum.
func save(ctx context.Context, client *http.Client, url, sum, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	// Beside its final place, so that the rename cannot be seen half done.
	file, err := os.CreateTemp(filepath.Dir(path), "fetch-*")
	if err != nil {
		return fmt.Errorf("make room: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, hash), resp.Body); err != nil {
		return fmt.Errorf("GET %s: %w", url, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
		return fmt.Errorf("GET %s: the SHA-256 is %s, want %s", url, got, sum)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("put it into the cache: %w", err)
	}
	return nil
}
