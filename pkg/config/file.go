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
	"time"

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
	names := []string{fileName}
	if src.UserDir != "" {
		names = append(names, filepath.Join(src.UserDir, userFolder, fileName))
	}
	from := Origin{Layer: LayerFile}
	if src.File != "" {
		names, from = []string{src.File}, Origin{LayerFlag, "--config"}
	}
	for _, name := range names {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(src.Dir, path)
		}
		data, err := ReadFile(path)
		found := src.File == "" && name == fileName
		switch {
		case src.File == "" && errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			l.failRead(name, from, err)
			return ""
		case found && l.isForeign(data):
			l.warn("pass --config "+fileName+" if it is intended for otdemo",
				"%s: ignored, because it has none of otdemo's keys", name)
			continue
		}
		l.found = found
		l.setFile(name, data)
		return name
	}
	return ""
}

// ReadFile reads a regular file of at most 1 MiB. Any other file is an error, so that it
// never waits for another program, as with a pipe or a terminal, and so is one that is
// not read within 5 s, as on a network file system whose server is away. os.DevNull is an
// empty file.
func ReadFile(path string) ([]byte, error) {
	if path == os.DevNull {
		return nil, nil
	}
	return within(readTimeout, path, func() ([]byte, error) { return readRegular(path) })
}

// readTimeout is far beyond what a disk needs.
const readTimeout = 5 * time.Second

// within returns what read returns, or an error after the timeout. It then leaves read
// to itself: nothing ends a thread that waits for a file system.
func within(timeout time.Duration, path string, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	late := time.NewTimer(timeout)
	defer late.Stop()
	select {
	case r := <-done:
		return r.data, r.err
	case <-late.C:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("not read within %s", timeout)}
	}
}

func readRegular(path string) ([]byte, error) {
	regular := func(info fs.FileInfo, err error) error {
		if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
			return &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
		}
		return err
	}
	// Checked before it is opened, which has effects on some devices.
	if err := regular(os.Stat(path)); err != nil {
		return nil, err
	}
	// If it has been replaced by a pipe meanwhile, opening it does not block either.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := regular(f.Stat()); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err == nil && len(data) > maxFileSize {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("larger than 1 MiB")}
	}
	return data, err
}

func (l *loader) failRead(name string, from Origin, err error) {
	reason := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pathErr.Err
	}
	f := &Fault{Origin: from, Text: fmt.Sprintf("cannot read %q: %v", name, reason), err: err}
	if errors.Is(err, syscall.EISDIR) {
		f.hint = "name a file; Docker makes a directory where the file of a bind mount does not exist"
	}
	l.faults = append(l.faults, f)
}

// isForeign reports whether data has none of otdemo's keys. It returns false if data
// cannot be parsed, so that the error is reported.
func (l *loader) isForeign(data []byte) bool {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return false
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return true
	}
	for i := 0; i < len(root.Content); i += 2 {
		if name := root.Content[i].Value; l.byName[name] != nil || l.isSection(name) {
			return false
		}
	}
	return true
}

func (l *loader) isSection(name string) bool {
	return slices.ContainsFunc(l.keys, func(k Key) bool { return strings.HasPrefix(k.Name, name+".") })
}

// setFile sets the keys of one file, strictly: see document.
func (l *loader) setFile(name string, data []byte) {
	d := document{loader: l, name: name, seen: map[string]int{}}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for first := true; ; first = false {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			d.syntax(data, err)
			return
		case first:
			d.mapping("", doc.Content[0])
		case !isNull(doc.Content[0]):
			d.fail(d.at(doc.Content[0]), "remove the --- line, so that all keys are in one document", "a second YAML document starts here")
			return
		}
	}
}

// syntax adds the fault for an error of the YAML parser, whose text is "yaml: line 3: …"
// or, for an alias, has its name alone: that may be an unquoted password.
func (d *document) syntax(data []byte, err error) {
	from, hint := Origin{LayerFile, d.name}, ""
	lines := strings.Split(string(data), "\n")
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^unknown anchor '(.*)' referenced`).FindStringSubmatch(text); m != nil {
		if i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "*"+m[1]) }); i >= 0 {
			from = d.line(i + 1)
		}
		d.fail(from, "put the value in quotes", "not valid YAML: an unquoted * refers to an anchor that does not exist")
		return
	}
	if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		from, text = d.line(n), m[2]
		hint = "check the indentation and the quotes, here and on the line before"
		if n >= 1 && n <= len(lines) && strings.Contains(lines[n-1], "\t") {
			hint = "indent with spaces; YAML does not allow tabs"
		}
	}
	d.fail(from, hint, "not valid YAML: %s", text)
}
