package api

import (
	"bytes"
	"context"
	"net/http"
	"runtime"
	"slices"
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

// answers bounds the answers that are under way, by number while they are made and
// by bytes while they are sent.
type answers struct {
	building chan struct{}
	unsent   atomic.Int64
	// ending is closed when the server is to end; nil never is.
	ending      <-chan struct{}
	undelivered func(error)
}

func newAnswers(ending <-chan struct{}, undelivered func(error)) *answers {
	slots := max(2, min(runtime.GOMAXPROCS(0), maxBuilding))
	return &answers{building: make(chan struct{}, slots), ending: ending, undelivered: undelivered}
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

// serve has an answer made, and sends it. What it was made of is not held meanwhile.
func (a *answers) serve(w http.ResponseWriter, r *http.Request, handle http.HandlerFunc) {
	release, ok := a.slot(r.Context())
	if !ok {
		turnAway(w, "too many queries are being answered")
		return
	}
	made := &madeAnswer{ResponseWriter: w, status: http.StatusOK}
	func() {
		defer release()
		handle(made, r)
	}()
	size := made.body.Len()
	if !a.charge(size) {
		turnAway(w, "too many answers wait for clients that do not read them")
		return
	}
	defer a.unsent.Add(-int64(size))
	w.WriteHeader(made.status)
	a.undelivered(a.send(w, made.body.Bytes()))
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

// madeAnswer keeps an answer until it is complete.
type madeAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (m *madeAnswer) WriteHeader(status int) { m.status = status }

// Write implements http.ResponseWriter.
func (m *madeAnswer) Write(b []byte) (int, error) { return m.body.Write(b) }

func (a *answers) send(w http.ResponseWriter, body []byte) error {
	conn, until := http.NewResponseController(w), time.Now().Add(sendPatience)
	var setting sync.Mutex // keeps a longer deadline from coming after the one of the end
	allowPiece := func() {
		setting.Lock()
		defer setting.Unlock()
		most := stallPatience
		select {
		case <-a.ending:
			most = endPatience
		default:
		}
		deadline := time.Now().Add(most)
		if deadline.After(until) {
			deadline = until
		}
		_ = conn.SetWriteDeadline(deadline) // a writer without deadlines, as in tests, waits for nobody
	}
	sent := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-a.ending: // the piece that is being written has less time
			allowPiece()
		case <-sent:
		}
	})
	defer watching.Wait()
	defer close(sent)
	for piece := range slices.Chunk(body, pieceBytes) {
		allowPiece()
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
