package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

func TestRecordKeepsAnswersWithoutSecrets(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hunter2" {
			t.Errorf("password %q arrived, want hunter2", password)
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "sesame"})
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"data":["a"],"services":["%s"]}`, strings.Repeat("x", probe.MaxRecorded))
	}))
	t.Cleanup(srv.Close)

	cfg := config.Defaults()
	cfg.Query.URL = strings.Replace(srv.URL, "http://", "http://me:hunter2@", 1)
	var mu sync.Mutex
	var got []probe.Exchange
	target := probe.Target{
		Loaded: &config.Loaded{Config: cfg},
		Record: func(x probe.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, x)
		},
	}
	Run(t.Context(), target, Options{Only: []string{probe.IDQuery}})

	i := slices.IndexFunc(got, func(x probe.Exchange) bool { return x.URL == srv.URL+"/api/v3/services" })
	if i < 0 {
		t.Fatalf("the question to /api/v3/services was not recorded, got %d others", len(got))
	}
	x := got[i]
	if x.Method != http.MethodGet || x.Status != http.StatusOK || x.Err != "" {
		t.Errorf("recorded %s, status %d, error %q; want GET, 200, none", x.Method, x.Status, x.Err)
	}
	if len(x.Body) != probe.MaxRecorded || !strings.HasPrefix(string(x.Body), `{"data":["a"]`) {
		t.Errorf("recorded %d bytes of the answer, want its first %d", len(x.Body), probe.MaxRecorded)
	}
	if all := fmt.Sprint(x); strings.Contains(all, "hunter2") || strings.Contains(all, "sesame") {
		t.Errorf("recorded a secret: %.300s", all)
	}
}

func TestRecordKeepsFailures(t *testing.T) {
	t.Parallel()
	cfg := config.Defaults()
	cfg.Query.URL = "http://127.0.0.1:1"
	got := make(chan probe.Exchange, 100)
	target := probe.Target{Loaded: &config.Loaded{Config: cfg}, Record: func(x probe.Exchange) { got <- x }}
	Run(context.Background(), target, Options{Only: []string{probe.IDQuery}})
	if x := <-got; x.Status != 0 || !strings.Contains(x.Err, "connection refused") {
		t.Errorf("recorded status %d and error %q, want a refused connection", x.Status, x.Err)
	}
}
