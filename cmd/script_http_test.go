package cmd

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// collectCmd starts a collector that accepts everything, sets $VAR to its
// host:port, and appends the line and the headers of each request to a file:
// collect VAR FILE.
func collectCmd(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(file, "%s %s\n", r.Method, r.RequestURI)
		_ = r.Header.Write(file)
		if strings.HasSuffix(r.URL.Path, "/v1/traces") {
			return // OTLP's success is 200
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	ts.Setenv(args[0], strings.TrimPrefix(srv.URL, "http://"))
	ts.Defer(func() {
		srv.Close()
		file.Close()
	})
}

// postCmd posts a body and expects a status: post STATUS URL BODY [NAME:VALUE]... The
// remaining arguments are headers.
func postCmd(ts *testscript.TestScript, _ bool, args []string) {
	req, err := http.NewRequest(http.MethodPost, args[1], strings.NewReader(args[2]))
	ts.Check(err)
	for _, header := range args[3:] {
		name, value, _ := strings.Cut(header, ":")
		req.Header.Set(name, strings.TrimSpace(value))
	}
	client := &http.Client{Timeout: waitTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if got := fmt.Sprint(resp.StatusCode); got != args[0] {
		ts.Fatalf("%s answers %s, want %s: %s", args[1], got, args[0], body)
	}
}
