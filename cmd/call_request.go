package cmd

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/client"
)

const headerHint = `such as -H "Accept: text/plain"`

// requestFlags describe the request, beside its URL.
type requestFlags struct {
	method  string
	headers []string
	data    string
}

func (f *requestFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.method, "method", "m", "", "the HTTP `method` (default GET, or POST with -d)")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "send the header `\"name: value\"`; may be repeated")
	flags.StringVarP(&f.data, "data", "d", "", "send `text` as the body, or the content of a file with @FILE")
}

// request returns the request of the flags, still without a URL, or all that is
// wrong with them.
func (f *requestFlags) request(env *Env) (client.Request, error) {
	req := client.Request{Method: f.method, Header: make(http.Header)}
	var wrong []error
	if req.Method == "" {
		req.Method = http.MethodGet
		if f.data != "" {
			req.Method = http.MethodPost
		}
	}
	if !isToken(req.Method) {
		wrong = append(wrong, withHint(fmt.Errorf("-m must be an HTTP method, got %q", req.Method), "such as -m POST"))
	}
	for _, header := range f.headers {
		name, value, ok := strings.Cut(header, ":")
		value = strings.TrimSpace(value)
		switch {
		case !ok: // what stands there may be a password
			wrong = append(wrong, withHint(errors.New("-H must be a header's name, a colon and its value, got no colon"), headerHint))
		case !isToken(name) || strings.ContainsFunc(value, isControl):
			wrong = append(wrong, withHint(fmt.Errorf("-H must be a header's name, a colon and its value, got %q", name+": ..."), headerHint))
		default:
			req.Header.Add(name, value)
		}
	}
	body, err := f.body(env)
	if err != nil {
		wrong = append(wrong, err)
	}
	req.Body = body
	return req, errors.Join(wrong...)
}

func (f *requestFlags) body(env *Env) ([]byte, error) {
	name, isFile := strings.CutPrefix(f.data, "@")
	if !isFile {
		return []byte(f.data), nil
	}
	body, err := os.ReadFile(env.path(name))
	if err != nil {
		return nil, fmt.Errorf("-d: %w", err)
	}
	return body, nil
}

// isToken reports whether s is a token of RFC 9110, as methods and the names of
// headers are.
func isToken(s string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(marks, r)
	})
}

// isControl reports whether r may not stand in a header's value.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
