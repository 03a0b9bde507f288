package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// defaultPatience is several times the flush intervals and the refresh of the
// storage on the way, which take one second each.
const defaultPatience = 10 * time.Second

// Options control how the spans of a run are found. Query, Service and RunTag are
// required.
type Options struct {
	// Query reads from the backend.
	Query *query.Client
	// Service is the name of the run's own service.
	Service string
	// RunTag is set on each call's top-level span, and on those of no other run.
	RunTag opentracing.Tag
	// TargetURL is the URL that is called. If an `otdemo serve` responds there, its
	// counters at /metrics are read; if empty, none are.
	TargetURL string
	// Agent is the host:port that the client's spans go to over UDP; empty when they
	// go over HTTP, where each batch is accepted or not.
	Agent string
	// Formats are the propagation formats of the calls' headers.
	Formats []string
	// Patience is how long spans may take to appear: reading back ends when none has
	// appeared for this long. 0 means 10 s.
	Patience time.Duration
	// Logger logs what makes the account inexact; nil discards.
	Logger *slog.Logger
}

// Recorder records a run's calls, for the ledger that Close returns.
type Recorder struct {
	opts       Options
	http       *http.Client
	metricsURL string
	opened     time.Time
	before     snapshot

	entries    []entry
	sampledOut int64
	// unanswered counts the sampled requests that arrived, or may have, and got no
	// response.
	unanswered int64
}

// snapshot is the values of all counters at one time. Each is nil, or not known,
// where there are none.
type snapshot struct {
	service *service
	// loss is the embedded backend's; lossErr is why it could not be read, nil if the
	// backend is another one.
	loss    *loss.Account
	lossErr error
	kernel  kernel
	jaeger  map[string]int64
}

// Open returns a recorder and reads the counters before the run, which takes up to
// three seconds. A backend that does not respond yet is not an error.
func Open(ctx context.Context, opts Options) *Recorder {
	if opts.Patience <= 0 {
		opts.Patience = defaultPatience
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	rec := &Recorder{opts: opts, http: newScraper(), metricsURL: metricsURL(opts.TargetURL), opened: time.Now()}
	rec.before = rec.snapshot(ctx)
	if err := rec.before.lossErr; err != nil {
		opts.Logger.Warn("query API does not respond before the run", "url", opts.Query.URL(), "error", err)
	}
	return rec
}

// Add records a call. A sampled one uses some 50 bytes, others none. It must not be
// called from two goroutines at once, nor after Close.
func (rec *Recorder) Add(r load.Result) {
	switch {
	case r.TraceID.IsZero():
	case !r.Sampled:
		rec.sampledOut++
	default:
		rec.entries = append(rec.entries, newEntry(&r))
		if mayHaveArrived(r.Kind) {
			rec.unanswered += int64(r.Hops - r.Answered)
		}
	}
}

// mayHaveArrived reports whether a request that failed so may have reached the service.
func mayHaveArrived(kind load.ErrorKind) bool {
	return kind != load.Refused && kind != load.DNS && kind != load.TLS
}

// Close reads the run's traces back, then the counters again, and returns the closed
// ledger. client are the span counters of the run's tracer, which must be closed, so
// that its spans are sent. Close waits for spans that are not stored yet, as long as
// Options.Patience allows. An error means that not everything could be read back; the
// ledger is then of what was, and its sums still hold. Close must be called only once.
func (rec *Recorder) Close(ctx context.Context, client tracer.Stats) (Ledger, error) {
	defer rec.http.CloseIdleConnections()
	soFar := compareService(rec.metricsURL, rec.before.service, readService(ctx, rec.http, rec.metricsURL))
	r := newReader(rec.entries, newIdentifier(rec.opts.Service))
	r.query, r.patience = rec.opts.Query, rec.opts.Patience
	r.search = query.SearchOptions{
		Service: rec.opts.Service,
		Tags:    map[string]string{rec.opts.RunTag.Key: fmt.Sprint(rec.opts.RunTag.Value)},
		Limit:   searchLimit,
		Outline: true,
	}
	r.lostClient = client.Lost()
	r.traced = soFar.traced()
	err := r.run(ctx)
	after := rec.snapshot(ctx)
	f := &facts{
		opts:       &rec.opts,
		opened:     rec.opened,
		client:     client,
		server:     compareService(rec.metricsURL, rec.before.service, after.service),
		before:     &rec.before,
		after:      &after,
		reader:     r,
		unanswered: rec.unanswered,
		err:        err,
	}
	f.sum(rec.sampledOut)
	if err != nil {
		err = hint.New(fmt.Errorf("read the traces back from %s: %w", rec.opts.Query.URL(), err),
			`run "otdemo check-jaeger" to find out why; --query-url sets another query API`)
	}
	return f.settle(), err
}

// snapshot reads all counters concurrently, also when ctx has ended: the account of an
// interrupted run needs them too.
func (rec *Recorder) snapshot(ctx context.Context) snapshot {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrapeTimeout)
	defer cancel()
	var now snapshot
	var wg sync.WaitGroup
	wg.Go(func() { now.service = readService(ctx, rec.http, rec.metricsURL) })
	wg.Go(func() { now.kernel = readKernel(ctx, rec.opts.Agent) })
	wg.Go(func() {
		account, err := rec.opts.Query.Loss(ctx)
		switch {
		case err == nil:
			now.loss = &account
		case query.IsMissingPath(err):
			now.jaeger = readJaeger(ctx, rec.http, rec.opts.Query.URL())
		default:
			now.lossErr = err
		}
	})
	wg.Wait()
	return now
}
