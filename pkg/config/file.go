package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"
)

const (
	fileName = "config.yaml"
	// userFolder is otdemo's folder in the user's configuration directory.
	userFolder = "otdemo"
	// maxFileSize is far beyond any real file; it stops --config /dev/zero.
	maxFileSize = 1 << 20
)

// loadFile finds the configuration file, sets the keys in it and returns the file's
// name; "" if no file was found.
func (l *loader) loadFile(src Source) string {
	if src.File != "" {
		path := src.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(src.Dir, path)
		}
		data, err := ReadFile(path)
		if err != nil {
			l.failRead(src.File, Origin{LayerFlag, "--config"}, err)
			return ""
		}
		l.setFile(src.File, data)
		return src.File
	}
	candidates := []struct{ name, path string }{{fileName, filepath.Join(src.Dir, fileName)}}
	if src.UserDir != "" {
		user := filepath.Join(src.UserDir, userFolder, fileName)
		candidates = append(candidates, struct{ name, path string }{user, user})
	}
	for i, c := range candidates {
		data, err := ReadFile(c.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			l.failRead(c.name, Origin{Layer: LayerFile}, err)
			return ""
		case i == 0 && l.isForeign(data):
			l.warn("pass --config "+fileName+" if it is intended for otdemo",
				"%s: ignored, because it has none of otdemo's keys", c.name)
			continue
		}
		l.found = i == 0
		l.setFile(c.name, data)
		return c.name
	}
	return ""
}

// errTooLarge and errIrregular are returned for files that cannot be a configuration.
var (
	errTooLarge  = errors.New("larger than 1 MiB")
	errIrregular = errors.New("not a regular file")
)

// ReadFile reads a regular file of at most 1 MiB. Any other file is an error, so that it
// never waits for another program, as with a pipe or a terminal. os.DevNull is an empty
// file.
func ReadFile(path string) ([]byte, error) {
	if path == os.DevNull {
		return nil, nil
	}
	// Checked before it is opened, which has effects on some devices.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // failRead describes it
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errIrregular}
	}
	// If it has been replaced by a pipe meanwhile, opening it does not block either.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err //nolint:wrapcheck // failRead describes it
	}
	defer f.Close()
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errIrregular}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err == nil && len(data) > maxFileSize {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	return data, err //nolint:wrapcheck // failRead describes it
}

func (l *loader) failRead(name string, from Origin, err error) {
	f := &Fault{Origin: from, err: err}
	reason := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pathErr.Err
	}
	f.Text = fmt.Sprintf("cannot read %q: %v", name, reason)
	if strings.Contains(reason.Error(), "is a directory") {
		f.hint = "name a file; Docker makes a directory where the file of a bind mount does not exist"
	}
	l.fail(f)
}

// isForeign reports whether data has none of otdemo's keys. It returns false if data
// cannot be parsed, so that the error is reported.
func (l *loader) isForeign(data []byte) bool {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) == 0 {
		return false
	}
	root := doc.Content[0]
	switch {
	case isNull(root):
		return false
	case root.Kind != yaml.MappingNode:
		return true
	}
	for i := 0; i < len(root.Content); i += 2 {
		name := root.Content[i].Value
		if l.byName[name] != nil || l.isSection(name) {
			return false
		}
	}
	return true
}

// isSection reports whether name is a section of keys.
func (l *loader) isSection(name string) bool {
	return slices.ContainsFunc(l.keys, func(k Key) bool { return strings.HasPrefix(k.Name, name+".") })
}

// setFile sets the keys of one file, strictly: see document.
func (l *loader) setFile(name string, data []byte) {
	d := document{loader: l, name: name, seen: map[string]int{}}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var first yaml.Node
	switch err := dec.Decode(&first); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		d.syntax(data, err)
		return
	}
	d.mapping("", first.Content[0])
	for {
		var next yaml.Node
		err := dec.Decode(&next)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			d.syntax(data, err)
			return
		case !isNull(next.Content[0]):
			d.fail(&Fault{
				Origin: d.at(next.Content[0]), Text: "a second YAML document starts here",
				hint: "remove the --- line, so that all keys are in one document",
			})
			return
		}
	}
}

// syntax adds the fault for an error of the YAML parser, whose text is "yaml: line 3: …"
// or, for an alias, has its name alone: that may be an unquoted password.
func (d *document) syntax(data []byte, err error) {
	f := &Fault{Origin: Origin{LayerFile, d.name}, err: err}
	lines := strings.Split(string(data), "\n")
	if m := regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced`).FindStringSubmatch(err.Error()); m != nil {
		f.err = nil
		f.Text = "not valid YAML: an unquoted * refers to an anchor that does not exist"
		f.hint = "put the value in quotes"
		for i, line := range lines {
			if strings.Contains(line, "*"+m[1]) {
				f.Origin = d.line(i + 1)
				break
			}
		}
		d.fail(f)
		return
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		f.Origin, text = d.line(n), m[2]
		f.hint = "check the indentation and the quotes, here and on the line before"
		if n >= 1 && n <= len(lines) && strings.Contains(lines[n-1], "\t") {
			f.hint = "indent with spaces; YAML does not allow tabs"
		}
	}
	f.Text = "not valid YAML: " + text
	d.fail(f)
}
