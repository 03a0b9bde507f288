package integration

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

// faultTimeout bounds a load run together with its ledger.
const faultTimeout = 60 * time.Second

// site is where a backend, a server and a load run are.
type site struct {
	// query is the URL of the backend's API, server the one that is called.
	query, server string
	// send are the flags for how spans get to the backend.
	send []string
	// in puts a program there; nil leaves it where it is.
	in func(process.Command) process.Command
	// get asks one of its servers; nil asks from here.
	get func(t *testing.T, hostPort, path string) []byte
}

// here starts an all-in-one beside the test, which takes spans over UDP.
func here(t *testing.T) *site {
	t.Helper()
	_, addrs := start(t, "all-in-one", "--free-ports")
	return &site{query: "http://" + addrs["query"], send: agentFlags(t, addrs["agent-compact"])}
}

// serve starts the server that is called, with variables of its own.
func (s *site) serve(t *testing.T, env ...string) *process.Process {
	t.Helper()
	p, addrs := program.Start(t, env, append([]string{"serve", "--port", "0"}, s.send...)...)
	s.server = "http://" + addrs["http"] + "/"
	return p
}

// load is a load run that goes on beside the test.
type load struct {
	program *process.Process
	stdout  *bytes.Buffer
}

// load starts a run whose spans are accounted for.
func (s *site) load(t *testing.T, env []string, flags ...string) *load {
	t.Helper()
	c := command(t, slices.Concat(
		[]string{"call", s.server, "--query-url", s.query, "--verify", "--quiet", "-o", "json"}, s.send, flags)...)
	c.Env = append(c.Env, env...)
	if s.in != nil {
		c = s.in(c)
	}
	l := &load{stdout: new(bytes.Buffer)}
	c.Stdout = l.stdout
	l.program = process.Start(t, c)
	return l
}

// outcome is what these tests look at of call's JSON.
type outcome struct {
	Report struct {
		Requests int64 `json:"requests"`
		Failed   int64 `json:"failed"`
	} `json:"report"`
	Ledger *ledger `json:"ledger"`
}

// wait returns the outcome of a run that ends by itself, with an account that
// closes and the exit code that is due.
func (l *load) wait(t *testing.T) outcome {
	t.Helper()
	limit := time.NewTimer(faultTimeout)
	defer limit.Stop()
	select {
	case <-l.program.Done():
	case <-limit.C:
		t.Fatalf("the run did not end within %s", faultTimeout)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what call printed:\n%s", l.stdout)
		}
	})
	var got outcome
	if err := json.Unmarshal(l.stdout.Bytes(), &got); err != nil {
		t.Fatalf("call printed %q: %v", l.stdout, err)
	}
	if got.Ledger == nil {
		t.Fatal("call printed no ledger")
	}
	got.Ledger.checkSums(t)
	want := 0
	if got.Report.Failed > 0 || got.Ledger.Spans.Missing > 0 {
		want = 1
	}
	if code := l.program.Code(); code != want {
		t.Errorf("got exit code %d, want %d for %d calls that failed and %d spans missing",
			code, want, got.Report.Failed, got.Ledger.Spans.Missing)
	}
	return got
}

// losses is what these tests look at of /api/loss.
type losses struct {
	Clients []peer `json:"clients"`
}

// peer is a tracer that the backend heard of.
type peer struct {
	Service        string `json:"service"`
	Spans          int64  `json:"spans"`
	BatchesMissing int64  `json:"batches_missing"`
	BatchesBefore  int64  `json:"batches_before"`
}

// losses reads the all-in-one's own account.
func (s *site) losses(t *testing.T) losses {
	t.Helper()
	var got losses
	s.read(t, "/api/loss", &got)
	return got
}

// read asks the query API.
func (s *site) read(t *testing.T, path string, into any) {
	t.Helper()
	get := s.get
	if get == nil {
		get = getHere
	}
	if err := json.Unmarshal(get(t, strings.TrimPrefix(s.query, "http://"), path), into); err != nil {
		t.Fatalf("%s answered what cannot be read: %v", path, err)
	}
}

func getHere(t *testing.T, hostPort, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+hostPort+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: runTimeout}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %s, %v\n%s", path, resp.Status, err, body)
	}
	return body
}

// arrived returns the spans that came from the two services.
func (l losses) arrived() tally {
	return l.sum(func(p peer) int64 { return p.Spans })
}

// missing returns the datagrams of the two services that did not come.
func (l losses) missing() tally {
	return l.sum(func(p peer) int64 { return p.BatchesMissing + p.BatchesBefore })
}

func (l losses) sum(count func(peer) int64) tally {
	var n tally
	for _, p := range l.Clients {
		switch p.Service {
		case "otdemo-client":
			n.Client += count(p)
		case "otdemo-server":
			n.Server += count(p)
		}
	}
	return n
}

// stored counts the spans of the two services through the query API, each once.
func (s *site) stored(t *testing.T) tally {
	t.Helper()
	seen := make(map[[2]string]string)
	for _, service := range []string{"otdemo-client", "otdemo-server"} {
		var answer struct {
			Data []struct {
				Spans []struct {
					TraceID   string `json:"traceID"`
					SpanID    string `json:"spanID"`
					ProcessID string `json:"processID"`
				} `json:"spans"`
				Processes map[string]struct {
					Service string `json:"serviceName"`
				} `json:"processes"`
			} `json:"data"`
		}
		s.read(t, "/api/traces?limit=100000&"+always+"&service="+service, &answer)
		for _, tr := range answer.Data {
			for _, span := range tr.Spans {
				seen[[2]string{span.TraceID, span.SpanID}] = tr.Processes[span.ProcessID].Service
			}
		}
	}
	var n tally
	for _, service := range seen {
		if service == "otdemo-client" {
			n.Client++
		} else {
			n.Server++
		}
	}
	return n
}

// arrived returns the spans that came from the two services, which an all-in-one
// counts itself.
func (s *site) arrived(t *testing.T) tally {
	t.Helper()
	return s.losses(t).arrived()
}

// await asks until so many spans of the client and the server are there.
func await(t *testing.T, count func(*testing.T) tally, enough tally) {
	t.Helper()
	deadline := time.NewTimer(faultTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got := count(t)
		if got.Client >= enough.Client && got.Server >= enough.Server {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("%+v spans arrived within %s, want %+v", got, faultTimeout, enough)
		case <-tick.C:
		}
	}
}
