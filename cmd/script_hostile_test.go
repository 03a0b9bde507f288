package cmd

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// hostileCmds are the commands of scripts about untrusted input.
func hostileCmds() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"setquoted": setQuotedCmd,
		"answering": answeringCmd,
		"harmless":  harmlessCmd,
		"rawget":    rawGetCmd,
	}
}

// setQuotedCmd sets $VAR to a string quoted as in Go: setquoted VAR '"a\x1b"'.
func setQuotedCmd(ts *testscript.TestScript, _ bool, args []string) {
	text, err := strconv.Unquote(args[1])
	ts.Check(err)
	ts.Setenv(args[0], text)
}

// answeringCmd starts a server that responds to every request with a status and a
// body, which is quoted as in Go, and sets $VAR to its URL: answering VAR STATUS BODY.
func answeringCmd(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	body, err := strconv.Unquote(args[2])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// harmlessCmd checks that files contain no control sequence of a terminal and no
// command of a CI runner:
// harmless stdout FILE...
func harmlessCmd(ts *testscript.TestScript, _ bool, args []string) {
	command := regexp.MustCompile(`(?m)^\s*::|##\pL*\[`)
	for _, name := range args {
		text := ts.ReadFile(name)
		if !utf8.ValidString(text) {
			ts.Fatalf("%s is not UTF-8", name)
		}
		for _, r := range text {
			if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				ts.Fatalf("%s has %U:\n%q", name, r, text)
			}
		}
		if found := command.FindString(text); found != "" {
			ts.Fatalf("%s has %q:\n%q", name, found, text)
		}
	}
}

// rawGetCmd requests a URL whose bytes are sent unchanged, which no HTTP client does,
// and expects 200; escapes are those of Go: rawget URL.
func rawGetCmd(ts *testscript.TestScript, _ bool, args []string) {
	url, err := strconv.Unquote(`"` + args[0] + `"`)
	ts.Check(err)
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	conn, err := net.DialTimeout("tcp", host, waitTimeout)
	ts.Check(err)
	defer conn.Close()
	ts.Check(conn.SetDeadline(time.Now().Add(waitTimeout)))
	_, err = fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host)
	ts.Check(err)
	answer, err := io.ReadAll(conn)
	ts.Check(err)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		ts.Fatalf("%s answered %q", args[0], answer)
	}
}
