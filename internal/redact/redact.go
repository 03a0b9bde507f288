// Package redact keeps user names and passwords out of what is shown: the user info
// of URLs, which need not parse. Start at URL.
package redact

import (
	"errors"
	"net/url"
	"strings"
)

// URL cuts the user info out of raw, which need not be a valid URL. What is not loses
// everything up to its last @, since a password with a slash in it does not parse.
func URL(raw string) string {
	scheme, rest, _ := cut(raw)
	return scheme + rest
}

// Mask is URL with mask in the place of a user info: "http://(hidden)@host".
func Mask(raw, mask string) string {
	scheme, rest, found := cut(raw)
	if !found {
		return raw
	}
	return scheme + mask + "@" + rest
}

// cut returns what is before the user info of raw, and what is behind it.
func cut(raw string) (scheme, rest string, found bool) {
	scheme, rest, ok := strings.Cut(raw, "//")
	if name, colon := strings.CutSuffix(scheme, ":"); ok && (scheme == "" || colon && !strings.ContainsAny(name, ":@/?#")) {
		scheme += "//"
	} else {
		scheme, rest = "", raw // the // may be part of a password
	}
	host := rest
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			host = rest[:i]
		}
	}
	at := strings.LastIndexByte(host, '@')
	return scheme, rest[at+1:], at >= 0
}

// Error takes the URL, and with it a user name, out of an error of net/http or
// net/url. It returns any other error as it is.
func Error(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
