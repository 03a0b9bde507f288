package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpguts"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/client"
)

const headerHint = `for example -H "Accept: text/plain"`

// requestFlags describe the request, except for its URL.
type requestFlags struct {
	method  string
	headers []string
	data    string
}

func (f *requestFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.method, "method", "m", "", "HTTP `method` (default GET, or POST with -d)")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "send this header, as `\"name: value\"`; repeatable")
	flags.StringVarP(&f.data, "data", "d", "", "send `text` as the request body; @FILE sends the content of a file")
}

// request returns the request that the flags describe, without a URL, or all their
// errors, joined.
func (f *requestFlags) request(ctx context.Context, env *Env) (client.Request, error) {
	req := client.Request{Method: f.method, Header: make(http.Header), Body: []byte(f.data)}
	var wrong []error
	switch {
	case req.Method != "":
	case f.data != "":
		req.Method = http.MethodPost
	default:
		req.Method = http.MethodGet
	}
	if !httpguts.ValidHeaderFieldName(req.Method) { // both are tokens of RFC 9110
		wrong = append(wrong, hint.New(fmt.Errorf("-m must be an HTTP method, got %q", req.Method), "for example -m POST"))
	}
	for _, header := range f.headers {
		name, value, ok := strings.Cut(header, ":")
		value = strings.TrimSpace(value)
		switch {
		case !ok: // the text may be a password
			wrong = append(wrong, hint.New(errors.New("-H must be \"name: value\", got no colon"), headerHint))
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			wrong = append(wrong, hint.New(fmt.Errorf("-H must be \"name: value\", got %q", name+": ..."), headerHint))
		default:
			req.Header.Add(name, value)
		}
	}
	if name, ok := strings.CutPrefix(f.data, "@"); ok {
		var err error
		if req.Body, err = env.readFile(ctx, name, maxBody); err != nil {
			wrong = append(wrong, fmt.Errorf("-d: %w", err))
		}
	}
	return req, errors.Join(wrong...)
}

// callError adds a hint to the error of a failed call.
func callError(err error) error {
	var status *client.StatusError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return hint.New(err, `no server listens there; start "otdemo serve" in another terminal`)
	case errors.As(err, &status):
		return hint.New(err, "the failed span is tagged error=true; --show prints its trace")
	case errors.Is(err, context.DeadlineExceeded):
		return hint.New(err, "allow more time with --timeout")
	default:
		return hint.New(err, "check the URL: otdemo call [URL]")
	}
}
