package integration

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// booksCalls are made in each of the runs whose outcome is known beforehand.
const booksCalls = 20

// books are where a tracer says that its spans are.
type books struct {
	Finished, Queued, Sent, Failed, Refused, Dropped int64
	TooLarge                                         int64 `json:"too_large"`
	AfterClose                                       int64 `json:"after_close"`
}

// lost returns the spans that the tracer knows to be lost.
func (b books) lost() int64 { return b.Failed + b.Refused + b.Dropped + b.TooLarge + b.AfterClose }

// check expects that each finished span is sent or lost.
func (b books) check(t *testing.T, who string) {
	t.Helper()
	if b.Queued != 0 || b.Sent+b.lost() != b.Finished {
		t.Errorf("the books of the %s: got %+v, want each span sent or lost", who, b)
	}
}

// checkBooks makes runs while the system is there, while it refuses, while it is
// killed, while it is gone and when it is back, and holds the books of both
// processes to what it has.
func (s *system) checkBooks(t *testing.T, serving *serving) {
	t.Helper()
	s.checkSent(t, serving)
	s.checkRefused(t)
	s.checkKilled(t, serving)
	if s.restart == nil {
		return
	}
	if err := s.restart(); err != nil {
		t.Fatal(err)
	}
	s.checkSent(t, s.serve(t))
}

// checkSent makes a run while the system is there, which has all of it.
func (s *system) checkSent(t *testing.T, serving *serving) {
	t.Helper()
	had, before := s.stored(t), serving.books(t)
	client := s.startRun(t, serving, someCalls()...).wait(t)
	server := serving.books(t)
	server.check(t, "server")
	want := tally{Client: clientSpans * booksCalls, Server: serverSpans * booksCalls}
	if sent := (tally{Client: client.Sent, Server: server.Sent - before.Sent}); sent != want {
		t.Errorf("while it is there: got %+v sent, want %+v", sent, want)
	}
	s.checkStored(t, had.plus(want))
}

// checkRefused has the system refuse what it is sent from the middle of a run on.
// What it took until then is what was sent.
func (s *system) checkRefused(t *testing.T) {
	t.Helper()
	if s.post == "" {
		return
	}
	u, err := url.Parse(s.post)
	if err != nil {
		t.Fatal(err)
	}
	var refuse atomic.Bool
	front := lab.Front(t, "http://"+u.Host, func(behind http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refuse.Load() {
				http.Error(w, "no more", http.StatusBadRequest)
				return
			}
			behind.ServeHTTP(w, r)
		})
	})
	behind := *s
	behind.flags = slices.Concat(s.flags[:len(s.flags)-1], []string{front + u.Path})
	serving := behind.serve(t)

	had := s.stored(t)
	run := behind.startRun(t, serving, untilStopped()...)
	await(t, s.stored, had.plus(tally{Client: 40, Server: 20}))
	refuse.Store(true)
	serving.awaitMore(t)
	client := run.stop(t)
	server := serving.books(t)
	server.check(t, "server")
	if client.lost() == 0 || server.lost() == 0 {
		t.Errorf("while it refuses: got %+v by the client and %+v by the server, want some of both lost", client, server)
	}
	s.checkStored(t, had.plus(tally{Client: client.Sent, Server: server.Sent}))
}

// someCalls are the flags of a run of booksCalls.
func someCalls() []string { return []string{"-n", strconv.Itoa(booksCalls), "-c", "4"} }

// untilStopped are the flags of a run that goes on until it is stopped.
func untilStopped() []string { return []string{"-z", faultTimeout.String(), "-q", "100", "-c", "4"} }

// checkKilled kills the system in the middle of a run, and makes another one. Nobody
// can tell what it had when it was killed, but that is no less than the moment
// before. The server, which may keep spans to send them again, is ended.
func (s *system) checkKilled(t *testing.T, serving *serving) {
	t.Helper()
	before, first := s.stored(t), serving.books(t)
	run := s.startRun(t, serving, untilStopped()...)
	await(t, s.stored, before.plus(tally{Client: 40, Server: 20}))
	had := s.stored(t)
	if err := s.kill(); err != nil {
		t.Fatal(err)
	}
	serving.awaitMore(t)
	client := run.stop(t)
	if least := had.Client - before.Client; client.Sent < least || client.lost() == 0 {
		t.Errorf("when it is killed: got %+v by the client, want %d sent or more, and some lost", client, least)
	}
	client = s.startRun(t, serving, someCalls()...).wait(t)
	if client.lost() != clientSpans*booksCalls {
		t.Errorf("while it is gone: got %+v by the client, want all lost", client)
	}
	server := serving.stop(t)
	server.check(t, "server")
	if least := first.Sent + had.Server - before.Server; server.Sent < least || server.lost() < serverSpans*booksCalls {
		t.Errorf("when it is killed: got %+v by the server, before %+v, want %d sent or more, and %d lost or more",
			server, first, least, serverSpans*booksCalls)
	}
}

// checkStored expects that the system has these spans, and no more.
func (s *system) checkStored(t *testing.T, want tally) {
	t.Helper()
	await(t, s.stored, want)
	if got := s.stored(t); got != want {
		t.Errorf("stored: got %+v, want %+v", got, want)
	}
}

// booksRun is a load run that goes on beside the test.
type booksRun struct {
	program *process.Process
	stdout  *bytes.Buffer
}

// startRun starts a run with these flags.
func (s *system) startRun(t *testing.T, serving *serving, flags ...string) *booksRun {
	t.Helper()
	r := &booksRun{stdout: new(bytes.Buffer)}
	c := command(t, slices.Concat([]string{"call", serving.server, "--quiet", "-o", "json"}, s.flags, flags)...)
	c.Env = append(c.Env, soonVariable)
	c.Stdout = r.stdout
	r.program = process.Start(t, c)
	return r
}

// interrupted is the exit code of a command that was told to stop.
const interrupted = 130

// stop ends a run as Ctrl-C does, which cuts the calls under way, and returns the
// books.
func (r *booksRun) stop(t *testing.T) books {
	t.Helper()
	_ = r.program.Stop() // it says that the code is not 0
	return r.books(t, interrupted)
}

// wait returns the books of a run that ends by itself.
func (r *booksRun) wait(t *testing.T) books {
	t.Helper()
	limit := time.NewTimer(faultTimeout)
	defer limit.Stop()
	select {
	case <-r.program.Done():
	case <-limit.C:
		t.Fatalf("the run did not end within %s", faultTimeout)
	}
	return r.books(t, 0)
}

// books returns those of a run that has ended with this exit code; they close.
func (r *booksRun) books(t *testing.T, code int) books {
	t.Helper()
	var out struct{ Spans books }
	if err := json.Unmarshal(r.stdout.Bytes(), &out); err != nil {
		t.Fatalf("call printed %q: %v", r.stdout, err)
	}
	if got := r.program.Code(); got != code {
		t.Errorf("got exit code %d, want %d", got, code)
	}
	out.Spans.check(t, "client")
	return out.Spans
}

// serving is a server that is called.
type serving struct {
	*site
	program *process.Process
}

// books returns the server's when its queue is empty.
func (s *serving) books(t *testing.T) books {
	t.Helper()
	return s.await(t, func(b books) bool { return b.Queued == 0 })
}

// awaitMore returns when booksCalls calls more have been answered.
func (s *serving) awaitMore(t *testing.T) {
	t.Helper()
	now := s.read(t)
	s.await(t, func(b books) bool { return b.Finished >= now.Finished+serverSpans*booksCalls })
}

func (s *serving) await(t *testing.T, enough func(books) bool) books {
	t.Helper()
	limit := time.NewTimer(faultTimeout)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		b := s.read(t)
		if enough(b) {
			return b
		}
		select {
		case <-limit.C:
			t.Fatalf("after %s, the server says %+v", faultTimeout, b)
		case <-tick.C:
		}
	}
}

// read returns what the server's metrics say now.
func (s *serving) read(t *testing.T) books {
	t.Helper()
	page := getHere(t, strings.TrimSuffix(strings.TrimPrefix(s.server, "http://"), "/"), "/metrics")
	b := books{Finished: metric(t, page, "otdemo_spans_finished_total")}
	for state, n := range map[string]*int64{
		"queued": &b.Queued, "sent": &b.Sent, "failed": &b.Failed, "refused": &b.Refused,
		"dropped": &b.Dropped, "too_large": &b.TooLarge, "after_close": &b.AfterClose,
	} {
		*n = metric(t, page, `otdemo_spans{state="`+state+`"}`)
	}
	return b
}

// stop ends the server, and returns what it says last: all that is lost stands
// under Failed.
func (s *serving) stop(t *testing.T) books {
	t.Helper()
	if err := s.program.Stop(); err != nil {
		t.Errorf("stop serve: %v", err)
	}
	said := s.program.Output()
	m := regexp.MustCompile(`spans_finished=(\d+) spans_sent=(\d+) spans_lost=(\d+)`).FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("serve did not say what became of its spans:\n%s", said)
	}
	var b books
	for i, n := range []*int64{&b.Finished, &b.Sent, &b.Failed} {
		var err error
		if *n, err = strconv.ParseInt(m[i+1], 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// metric returns a whole number from a page of metrics.
func metric(t *testing.T, page []byte, name string) int64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(page)
	if m == nil {
		t.Fatalf("no metric %s in:\n%s", name, page)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(n)
}
