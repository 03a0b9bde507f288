// Package redact keeps user names and passwords out of what is shown: the user info
// of URLs, which need not parse. Start at URL.
package redact

import (
	"errors"
	"net/url"
	"strings"
)

// URL cuts the user info out of raw, which need not be a valid URL.
func URL(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "//")
	if !ok {
		scheme, rest = "", raw
	} else {
		scheme += "//"
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	return scheme + host[strings.LastIndexByte(host, '@')+1:] + path
}

// Error takes the URL, and with it a user name, out of an error of net/http or
// net/url. It returns any other error as it is.
func Error(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
