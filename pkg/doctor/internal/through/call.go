package through

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// plainCalls carry no trace. One in two that are kept shows a sampler that
	// keeps some, so there are a few.
	plainCalls = 3
	// maxRedirects bounds what is followed, on the same host only.
	maxRedirects = 3
	// maxAppAnswer bounds what is read of an application's response, which is
	// discarded.
	maxAppAnswer = 64 << 10
	// debugHeader makes jaeger-client-go keep a trace and tag it with the value.
	debugHeader = "jaeger-debug-id"
)

type appCall struct {
	// name is what the call carries, for some the name of a header format.
	name   string
	header http.Header
	// caller is what it carries; zero when it carries no trace.
	caller callerSpan
	start  time.Time
	took   time.Duration
	status int
	// date is the application's clock, to the second; zero if unknown.
	date time.Time
	err  error
}

// session is the set of calls to one application.
type session struct {
	url *url.URL
	// joins has one call for each format, with the caller's span sampled.
	joins []*appCall
	// plain have no header of ours.
	plain []*appCall
	// unsampled carries every format at once, with one span that is not sampled.
	unsampled *appCall
	debug     *appCall
	// debugID is the value of the debug header, and the last word of the user
	// agent of all calls.
	debugID    string
	start, end time.Time
}

func newSession(u *url.URL) *session {
	v := &session{url: u, debugID: fmt.Sprintf("check-%016x", rand.Uint64())}
	v.unsampled = &appCall{name: "sampled=0", header: http.Header{}, caller: newCaller(false)}
	for _, f := range headerFormats() {
		c := &appCall{name: f.name, header: http.Header{}, caller: newCaller(true)}
		f.set(c.header, c.caller)
		f.set(v.unsampled.header, v.unsampled.caller)
		v.joins = append(v.joins, c)
	}
	for range plainCalls {
		v.plain = append(v.plain, &appCall{name: "no trace", header: http.Header{}})
	}
	v.debug = &appCall{name: debugHeader, header: http.Header{}}
	v.debug.header.Set(debugHeader, v.debugID)
	return v
}

func newCaller(sampled bool) callerSpan {
	return callerSpan{
		trace:   trace.TraceID{High: rand.Uint64() | 1<<63, Low: rand.Uint64() | 1<<63},
		span:    trace.SpanID(rand.Uint64() | 1<<63),
		sampled: sampled,
	}
}

func (v *session) calls() []*appCall {
	return slices.Concat(v.plain, v.joins, []*appCall{v.unsampled, v.debug})
}

// make sends the calls: the first alone, whose error it returns because the
// others would fail alike, then the others at once. It changes v.
func (v *session) make(ctx context.Context, env *probe.Env) error {
	// An application's responses are private, and go into no bundle.
	private := &probe.Env{Target: env.Target}
	private.Record = nil
	private.UserAgent = cmp.Or(env.UserAgent, probe.CheckService) + " " + v.debugID
	client := private.HTTPClient()
	defer client.CloseIdleConnections()
	client.CheckRedirect = stayOnHost
	calls := v.calls()
	v.start = time.Now()
	calls[0].get(ctx, private, client, v.url)
	if calls[0].err == nil {
		var wg sync.WaitGroup
		for _, c := range calls[1:] {
			wg.Go(func() { c.get(ctx, private, client, v.url) })
		}
		wg.Wait()
	}
	v.end = time.Now()
	return calls[0].err
}

func stayOnHost(req *http.Request, via []*http.Request) error {
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

func (c *appCall) get(ctx context.Context, env *probe.Env, client *http.Client, u *url.URL) {
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	c.start = time.Now()
	defer func() { c.took = time.Since(c.start) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		c.err = err
		return
	}
	req.Header = c.header
	// Reading the response lets the application finish it.
	got, err := probe.Send(client, env, req, maxAppAnswer)
	if err != nil {
		c.err = err
		return
	}
	c.status = got.Status
	// A header that does not parse is ignored.
	c.date, _ = http.ParseTime(got.Header.Get("Date"))
}

func (v *session) evidence() []string {
	var lines []string
	for _, c := range v.calls() {
		what := "with " + c.name
		if !c.caller.trace.IsZero() {
			what += fmt.Sprintf(" (trace %s)", c.caller.trace)
		}
		outcome := fmt.Sprintf("%d %s in %s", c.status, http.StatusText(c.status), probe.RoundTime(c.took))
		if c.err != nil {
			outcome = probe.WithoutURL(c.err).Error()
		}
		lines = append(lines, fmt.Sprintf("GET %s %s: %s", probe.Bare(v.url), what, outcome))
	}
	return lines
}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, probe.WithoutURL(err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("it must start with http:// or https://")
	case u.Host == "":
		return nil, errors.New("it has no host")
	}
	return u, nil
}

// callerSpan is the span of a caller, which an application may continue. Its ids
// have all their digits, which some formats require.
type callerSpan struct {
	trace   trace.TraceID
	span    trace.SpanID
	sampled bool
}

// headerFormat is a format in which a trace is propagated over HTTP.
type headerFormat struct {
	// name is that of its header.
	name string
	// propagation is the format's among the values of propagation, otel among
	// those of OTEL_PROPAGATORS.
	propagation, otel string
	// headers have TRACE, SPAN and FLAG in the place of a span's.
	headers map[string]string
}

// headerFormats are those in use: Jaeger's (jaeger-client-go's propagation.go),
// the W3C's (Trace Context, level 1), and Zipkin's two (openzipkin/b3-propagation).
func headerFormats() []headerFormat {
	return []headerFormat{
		{"uber-trace-id", config.PropagationJaeger, "jaeger", map[string]string{"Uber-Trace-Id": "TRACE:SPAN:0:FLAG"}},
		{"traceparent", config.PropagationW3C, "tracecontext", map[string]string{"Traceparent": "00-TRACE-SPAN-0FLAG"}},
		{"b3", config.PropagationB3Single, "b3", map[string]string{"B3": "TRACE-SPAN-FLAG"}},
		{"x-b3-traceid", config.PropagationB3, "b3multi", map[string]string{"X-B3-Traceid": "TRACE", "X-B3-Spanid": "SPAN", "X-B3-Sampled": "FLAG"}},
	}
}

func (f headerFormat) set(h http.Header, c callerSpan) {
	flag := "0"
	if c.sampled {
		flag = "1"
	}
	fill := strings.NewReplacer("TRACE", c.trace.String(), "SPAN", c.span.String(), "FLAG", flag)
	for name, value := range f.headers {
		h.Set(name, fill.Replace(value))
	}
}

// reportParents sends the caller's spans of the traces that the application
// joined, by the configured path, so that these traces are complete: a span
// whose parent is missing has a warning in Jaeger's UI. Other probes check this
// path, so errors do not matter here.
func (s *observations) reportParents(ctx context.Context, env *probe.Env) {
	batch := send.Batch()
	for _, c := range s.joins {
		if _, ok := s.joined[c.name]; ok {
			env.Sent.Add(c.caller.trace, true)
			batch.Spans = append(batch.Spans, send.Span(c.caller.trace, c.caller.span, probe.IDThrough+" "+c.name, c.start, c.took))
		}
	}
	if len(batch.Spans) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	spans := send.RawSpan{Batch: batch}
	if !env.Config().UsesCollector() {
		if data, err := spans.Encode(ctx, send.CompactProtocol); err == nil {
			_ = send.WriteUDP(ctx, env, env.AgentAddr(), data)
		}
		return
	}
	// None to Appdash, whose trace ids have 64 bits.
	in := send.ProtocolOf(&env.Target)
	if endpoint, err := env.Collector(); err == nil && in.Scheme != probe.SchemeTCP {
		in.Send(ctx, env, endpoint, spans, true)
	}
}
