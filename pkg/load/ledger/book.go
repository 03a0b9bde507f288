package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// defaultPatience outlives the flush intervals and the refresh of the storage on
// the way, one second each, several times over.
const defaultPatience = 10 * time.Second

// Options say how the spans of a run are found. Query and Service are required.
type Options struct {
	// Query reads from the backend.
	Query *query.Client
	// Service is the name of the run's own service.
	Service string
	// ClientID is the process tag client-uuid of the run's tracer; "" has it learned
	// from the spans that are read back.
	ClientID string
	// RunTag stands on each call's top-level span, and on those of no other run.
	RunTag opentracing.Tag
	// TargetURL is what is called. If an `otdemo serve` answers there, its counters
	// at /metrics are read; "" reads none.
	TargetURL string
	// Agent is the host:port that the client's spans go to over UDP; "" when they go
	// over HTTP, where each batch is accepted or not.
	Agent string
	// Formats are the header formats in which the calls carry their trace.
	Formats []string
	// Patience is how long spans may take to appear: reading back ends when none has
	// for so long. 0 means 10 s.
	Patience time.Duration
	// Logger hears what keeps the account from being exact; nil discards.
	Logger *slog.Logger
}

// Book is the account of a run while it is made.
type Book struct {
	opts        Options
	http        *http.Client
	metricsURL  string // with user info
	metricsName string // without
	opened      time.Time
	before      reading

	entries    []entry
	sampledOut int64
}

// reading is what all counters on the way said at one time. Each is nil or not
// known where there is none.
type reading struct {
	service *service
	// loss is the embedded backend's; lossErr says why it could not be read, unless
	// the backend is no embedded one.
	loss    *loss.Account
	lossErr error
	kernel  kernel
	jaeger  map[string]int64
}

// Open opens a book and reads the counters before the run, which takes a moment. A
// backend that does not answer yet is not an error.
func Open(ctx context.Context, opts Options) (*Book, error) {
	switch {
	case opts.Query == nil:
		return nil, errors.New("open the ledger: there is no query API to read back from")
	case opts.Service == "":
		return nil, errors.New("open the ledger: the run's service has no name")
	case opts.RunTag.Key == "":
		return nil, errors.New("open the ledger: there is no tag to find the run's traces by")
	}
	if opts.Patience <= 0 {
		opts.Patience = defaultPatience
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Book{opts: opts, http: newScraper(), opened: time.Now()}
	b.metricsURL, b.metricsName = metricsURL(opts.TargetURL)
	b.before = b.read(ctx)
	if err := b.before.lossErr; err != nil {
		opts.Logger.Warn("query API does not answer before the run", "url", opts.Query.URL(), "error", err)
	}
	return b, nil
}

// Add enters a call. It takes some 50 bytes for one that is sampled, and none for
// others. It must not be called by two goroutines at once, nor after Close.
func (b *Book) Add(r load.Result) {
	switch {
	case r.TraceID.IsZero():
	case !r.Sampled:
		b.sampledOut++
	default:
		b.entries = append(b.entries, newEntry(&r))
	}
}

// Close reads the run's traces back, and then the counters again, and closes the
// account. client are the books of the run's tracer, which must be closed, so that
// its spans are under way. Close waits for spans that are not there yet, as long as
// Options.Patience allows. With an error, which says that not everything could be
// read back, the account is that of what was, and its sums still hold. The book can
// be closed once.
func (b *Book) Close(ctx context.Context, client tracer.Stats) (Ledger, error) {
	defer b.http.CloseIdleConnections()
	soFar := compareService(b.metricsName, b.before.service, readService(ctx, b.http, b.metricsURL))
	r := newReader(b.entries, newObserver(b.opts.Service, b.opts.ClientID))
	r.query, r.patience = b.opts.Query, b.opts.Patience
	r.search = query.SearchOptions{
		Service: b.opts.Service,
		Tags:    map[string]string{b.opts.RunTag.Key: fmt.Sprint(b.opts.RunTag.Value)},
		Limit:   searchLimit,
		Outline: true,
	}
	r.lostClient = client.Lost()
	r.traced = soFar.traced()
	err := r.run(ctx)
	if err != nil {
		err = &ReadError{URL: b.opts.Query.URL(), Err: err}
	}
	after := b.read(ctx)
	f := &facts{
		opts:   &b.opts,
		opened: b.opened,
		client: client,
		server: compareService(b.metricsName, b.before.service, after.service),
		before: &b.before,
		after:  &after,
		read:   r,
		err:    err,
	}
	f.sum(b.sampledOut)
	return f.settle(), err
}

// read reads all counters, at the same time, and also when ctx has ended: how a run
// that was interrupted ended is part of its account.
func (b *Book) read(ctx context.Context) reading {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrapeTimeout)
	defer cancel()
	var now reading
	var wg sync.WaitGroup
	wg.Go(func() { now.service = readService(ctx, b.http, b.metricsURL) })
	wg.Go(func() { now.kernel = readKernel(ctx, b.opts.Agent) })
	wg.Go(func() {
		account, err := b.opts.Query.Loss(ctx)
		switch {
		case err == nil:
			now.loss = &account
		case query.IsMissingPath(err):
			now.jaeger = readJaeger(ctx, b.http, b.opts.Query.URL())
		default:
			now.lossErr = err
		}
	})
	wg.Wait()
	return now
}

// ReadError says that the run's traces could not be read back.
type ReadError struct {
	// URL is that of the query API, without user info.
	URL string
	Err error
}

// Error implements error.
func (e *ReadError) Error() string {
	return fmt.Sprintf("read the traces back from %s: %v", e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// Hint returns what finds out more.
func (e *ReadError) Hint() string {
	return `run "otdemo check-jaeger" to find out why; --query-url names another query API`
}
