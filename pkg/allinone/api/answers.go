package api

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxBuilding bounds the answers that are searched for and encoded at once:
	// each may take some times the memory of its spans. Others wait for
	// buildPatience, and are then turned away.
	maxBuilding   = 4
	buildPatience = 5 * time.Second
	// maxUnsent bounds the answers that are complete and wait for their clients to
	// read them, in bytes. One answer alone may be larger. Those above smallAnswer
	// leave a quarter to others, so that clients that do not read stop no small ones.
	maxUnsent   = 64 << 20
	smallAnswer = 1 << 20
	maxLarge    = maxUnsent - maxUnsent/4
	// An answer is sent in pieces of pieceBytes. A client that does not read one
	// within stallPatience, or endPatience once the server is to end, is cut off, and
	// so is one that takes longer than sendPatience for all.
	pieceBytes    = 256 << 10
	sendPatience  = 2 * time.Minute
	stallPatience = 20 * time.Second
	endPatience   = time.Second
	// retryAfter is what a client that is turned away is told, in seconds.
	retryAfter = "1"
)

var errBusy = errors.New("too many answers wait for clients that do not read them")

// answers bounds the answers that are under way, by number while they are made and
// by bytes while they are sent.
type answers struct {
	building chan struct{}
	unsent   atomic.Int64
	// ending is closed when the server is to end; nil never is.
	ending <-chan struct{}
}

func newAnswers(ending <-chan struct{}) *answers {
	slots := max(2, min(runtime.GOMAXPROCS(0), maxBuilding))
	return &answers{building: make(chan struct{}, slots), ending: ending}
}

// bounded lets a handler of the query API answer within the bounds. The page and
// the account of losses are small, and are there when all else is busy.
func (a *answers) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/api/loss") {
			next.ServeHTTP(w, r)
			return
		}
		a.serve(w, r, next.ServeHTTP)
	})
}

func (a *answers) serve(w http.ResponseWriter, r *http.Request, handle http.HandlerFunc) {
	release, ok := a.slot(r.Context())
	if !ok {
		turnAway(w, "too many queries are being answered")
		return
	}
	out := &answerWriter{ResponseWriter: w, all: a, built: sync.OnceFunc(release), sent: make(chan struct{})}
	defer out.close()
	out.watching.Go(out.watch)
	handle(out, r)
}

func (a *answers) slot(ctx context.Context) (release func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, buildPatience)
	defer cancel()
	select {
	case a.building <- struct{}{}:
		return func() { <-a.building }, true
	case <-ctx.Done():
		return nil, false
	}
}

// charge accounts an answer that is complete, unless too many others are.
func (a *answers) charge(n int) bool {
	most := int64(maxUnsent)
	if n > smallAnswer {
		most = maxLarge
	}
	if held := a.unsent.Add(int64(n)); held > most && held > int64(n) {
		a.unsent.Add(-int64(n))
		return false
	}
	return true
}

func turnAway(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", retryAfter)
	_ = writeError(w, "text/plain; charset=utf-8", http.StatusServiceUnavailable, why+": ask again later")
}

// answerWriter sends one answer. Handlers write it whole, at once.
type answerWriter struct {
	http.ResponseWriter
	all     *answers
	built   func() // may be called again
	begun   bool   // a status was sent
	charged int
	// setting keeps a longer deadline from coming after the one of the end.
	setting  sync.Mutex
	until    time.Time // all must have been sent; zero before the first piece
	sent     chan struct{}
	watching sync.WaitGroup
}

// Unwrap is for http.ResponseController.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. The bytes have been made, and are held until
// the handler returns.
func (w *answerWriter) Write(b []byte) (int, error) {
	w.built()
	switch {
	case w.all.charge(len(b)):
		w.charged += len(b)
	case !w.begun:
		w.begun = true
		turnAway(w.ResponseWriter, errBusy.Error())
		return 0, errBusy
	}
	w.begun = true
	sent := 0
	for sent < len(b) {
		w.patience()
		n, err := w.ResponseWriter.Write(b[sent:min(len(b), sent+pieceBytes)])
		sent += n
		if err != nil {
			return sent, err //nolint:wrapcheck // the connection's own words
		}
	}
	return sent, nil
}

// patience gives the client the time for a piece.
func (w *answerWriter) patience() {
	w.setting.Lock()
	defer w.setting.Unlock()
	now := time.Now()
	if w.until.IsZero() {
		w.until = now.Add(sendPatience)
	}
	deadline := now.Add(stallPatience)
	select {
	case <-w.all.ending:
		deadline = now.Add(endPatience)
	default:
	}
	if deadline.After(w.until) {
		deadline = w.until
	}
	// A writer without deadlines, as in tests, waits for nobody.
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
}

// watch shortens the time of a piece that is being written when the server is to
// end.
func (w *answerWriter) watch() {
	select {
	case <-w.all.ending:
		w.patience()
	case <-w.sent:
	}
}

func (w *answerWriter) close() {
	w.built()
	w.all.unsent.Add(-int64(w.charged))
	close(w.sent)
	w.watching.Wait()
}
