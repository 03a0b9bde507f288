package check

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report/configuration"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// Bundle holds what a bug report needs: the report, the effective configuration without
// secrets, and the raw responses.
type Bundle struct {
	// Version is the line that "otdemo version" prints.
	Version   string
	Report    doctor.Report
	Config    *config.Loaded
	Exchanges []doctor.Exchange
	// Now is the time of the archive's files.
	Now time.Time
}

// Write writes the bundle as a .tgz.
func (b *Bundle) Write(w io.Writer) error {
	files, err := b.files()
	if err != nil {
		return err
	}
	zipped := gzip.NewWriter(w)
	archive := tar.NewWriter(zipped)
	for _, f := range files {
		header := &tar.Header{Name: "otdemo-check/" + f.name, Mode: 0o644, Size: int64(len(f.content)), ModTime: b.Now}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

type bundleFile struct {
	name    string
	content []byte
}

func (b *Bundle) files() ([]bundleFile, error) {
	var text, report, cfg bytes.Buffer
	err := errors.Join(
		NewText(&text, terminal.Options{}).Report(b.Report),
		WriteJSON(&report, b.Report),
		configuration.WriteText(&cfg, b.Config))
	if err != nil {
		return nil, err
	}
	for _, w := range b.Config.Warnings {
		fmt.Fprintf(&cfg, "# warning: %s\n", printable.Line(w.Text))
	}
	files := []bundleFile{
		{"version.txt", []byte(b.Version + "\n")},
		{"report.txt", text.Bytes()},
		{"report.json", report.Bytes()},
		{"config.txt", cfg.Bytes()},
	}
	exchanges := slices.SortedStableFunc(slices.Values(b.Exchanges), func(x, y doctor.Exchange) int {
		return cmp.Compare(x.Start.UnixNano(), y.Start.UnixNano())
	})
	for i, x := range exchanges {
		files = append(files, bundleFile{fmt.Sprintf("answers/%03d.txt", i+1), exchangeText(x)})
	}
	return files, nil
}

// exchangeText returns an exchange as a file: the request and the raw response, with
// the control characters of terminals escaped.
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
