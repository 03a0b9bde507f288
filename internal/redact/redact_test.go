package redact_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/internal/redact"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://joe:hunter2@host:80/a?b=c": "http://host:80/a?b=c",
		"http://joe@host":                  "http://host",
		"http://a@b:c@host/":               "http://host/",
		"joe:hunter2@host":                 "host",
		"//joe:hunter2@host":               "//host",
		"http://joe:hunt%zz2@ho st/":       "http://ho st/",
		"http://h/a@b?c=d@e":               "http://h/a@b?c=d@e",
		"http://h#a@b":                     "http://h#a@b",
		"http://joe:hun/ter2@host/":        "http://host/",
		"http://joe:hun#ter2@host/a@b":     "http://b",
		"joe:hun//ter2@host":               "host",
		"joe:hun://ter2@host":              "host",
		"":                                 "",
	} {
		if got := redact.URL(raw); got != want {
			t.Errorf("URL(%q): got %q, want %q", raw, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://joe:hunter2@host:80/a?b=c": "http://(hidden)@host:80/a?b=c",
		"http://joe:hun/ter2@host/":        "http://(hidden)@host/",
		"joe:hunter2@host":                 "(hidden)@host",
		"http://host/a@b":                  "http://host/a@b",
		"host":                             "host",
	} {
		if got := redact.Mask(raw, "(hidden)"); got != want {
			t.Errorf("Mask(%q): got %q, want %q", raw, got, want)
		}
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading: %w", &url.Error{Op: "Get", URL: "http://joe:hunter2@host/", Err: io.EOF})
	if got := redact.Error(err).Error(); strings.Contains(got, "hunter2") {
		t.Errorf("got %q, which has the password", got)
	}
	if got := redact.Error(io.EOF); !errors.Is(got, io.EOF) {
		t.Errorf("got %v, want %v", got, io.EOF)
	}
}
