package jaegers

import (
	"regexp"
	"slices"
	"strings"
)

// IsSecret reports whether the value of a variable, flag or label must not be
// shown. A key or a token of Jaeger or OpenTelemetry that is the name of a file
// or a switch is not a secret; an unknown one is.
func IsSecret(name string) bool {
	name = VariableOf(name)
	public := []string{
		// Files and directories.
		"_FILE", "_PATH", "_DIR", "_DIRECTORY", "_DIRECTORY_KEY", "_TLS_KEY", "_TLS_CLIENT_KEY",
		"OTLP_CLIENT_KEY", "OTLP_TRACES_CLIENT_KEY", "OTLP_METRICS_CLIENT_KEY", "OTLP_LOGS_CLIENT_KEY",
		// Switches and names.
		"_USE_KEYTAB", "_TOKEN_PROPAGATION", "_TOKEN_OVERRIDE_FROM_CONTEXT", "_KEYSPACE",
	}
	secret := []string{"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "CREDS", "COOKIE", "LICENSE", "SIGNING", "_HEADERS", "BASICAUTH"}
	return !slices.ContainsFunc(public, func(end string) bool { return strings.HasSuffix(name, end) }) &&
		slices.ContainsFunc(secret, func(word string) bool { return strings.Contains(name, word) })
}

// secretPart is what values of any name have of a secret: an Authorization header, an
// option or a query parameter whose name is that of a secret, a private key, a JSON web
// token, an entry of htpasswd, and tokens of AWS, GitHub and Slack.
var secretPart = regexp.MustCompile(`(?i)\b(bearer|basic) +\S|[?&,;= ]\w*(password|passwd|pwd|token|secret|api[_-]?key|sig|signature)=` +
	`|^(password|passwd|pwd|token|secret)=|-----BEGIN |\beyJ[\w-]{8,}\.|\$(apr1|2[aby])\$|\bgh[a-z]_\w{10,}|\bAKIA\w{12,}|\bxox[a-z]-|hooks\.slack\.com/`)

// HasSecret reports whether a value has a secret in it, whatever its name is.
func HasSecret(value string) bool { return RedactURLs(value) != value || secretPart.MatchString(value) }

// userInfo is that of any URL in a text.
var userInfo = regexp.MustCompile(`([a-z][a-z0-9+.-]*:/{1,3})[^/@\s"']+@`)

// RedactURLs removes user and password from the URLs in a text.
func RedactURLs(text string) string { return userInfo.ReplaceAllString(text, "${1}") }
