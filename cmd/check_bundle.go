package cmd

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/printable"
)

// tape keeps the doctor's exchanges for a bundle. Its zero value is empty.
type tape struct {
	mu        sync.Mutex
	exchanges []doctor.Exchange
}

func (t *tape) record(x doctor.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exchanges = append(t.exchanges, x)
}

// bundle collects what a bug report needs: the report, the effective
// configuration with secrets hidden, and the raw answers.
type bundle struct {
	report  doctor.Report
	loaded  *config.Loaded
	answers []doctor.Exchange
	now     time.Time
}

// write makes the archive at path, readable by its owner only, since answers are
// somebody's data.
func (b *bundle) write(ctx context.Context, env *Env, path string) error {
	content, err := b.archive()
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if err := env.writeFile(ctx, path, content, 0o600); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

func (b *bundle) archive() ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	files, err := b.files()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		header := &tar.Header{Name: "otdemo-check/" + f.name, Mode: 0o644, Size: int64(len(f.content)), ModTime: b.now}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

type bundleFile struct {
	name    string
	content []byte
}

func (b *bundle) files() ([]bundleFile, error) {
	var text, report, cfg bytes.Buffer
	view := &checkView{w: &text}
	for _, f := range b.report.Findings {
		view.finding(f)
	}
	view.verdict(b.report)
	if err := writeJSON(&report, b.report); err != nil {
		return nil, err
	}
	if err := writeConfigText(&cfg, b.loaded); err != nil {
		return nil, err
	}
	for _, w := range b.loaded.Warnings {
		fmt.Fprintf(&cfg, "# warning: %s\n", printable.Line(w.Text))
	}
	files := []bundleFile{
		{"version.txt", []byte(currentVersion() + "\n")},
		{"report.txt", text.Bytes()},
		{"report.json", report.Bytes()},
		{"config.txt", cfg.Bytes()},
	}
	slices.SortStableFunc(b.answers, func(x, y doctor.Exchange) int { return cmp.Compare(x.Start.UnixNano(), y.Start.UnixNano()) })
	for i, x := range b.answers {
		files = append(files, bundleFile{fmt.Sprintf("answers/%03d.txt", i+1), exchangeText(x)})
	}
	return files, nil
}

// exchangeText is an exchange as a file: what was asked, and the raw answer, in which
// what a terminal would obey is escaped.
func exchangeText(x doctor.Exchange) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n# at %s, took %s\n", x.Method, x.URL, x.Start.UTC().Format(time.RFC3339Nano), x.Elapsed)
	if x.Err != "" {
		fmt.Fprintf(&b, "# error: %s\n", x.Err)
	}
	if x.Status != 0 {
		fmt.Fprintf(&b, "\n%d\n", x.Status)
		for _, name := range slices.Sorted(maps.Keys(x.Header)) {
			fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(x.Header[name], ", "))
		}
		fmt.Fprintf(&b, "\n%s\n", x.Body)
	}
	return []byte(printable.Escaped(b.Bytes()))
}
