package canary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// The codes of what is found here.
const (
	CodeCanaryDelivered  probe.Code = "canary-delivered"
	CodeCanaryWarned     probe.Code = "canary-warned"
	CodeCanaryDuplicated probe.Code = "canary-duplicated"
	codeCanaryNotAwaited probe.Code = "canary-not-awaited"
	codeCanaryUnreadable probe.Code = "canary-unreadable"
	CodeCanaryTruncated  probe.Code = "canary-id-truncated"
	CodeCanaryAppdash    probe.Code = "canary-appdash-unread"
	codeTracerBroken     probe.Code = "tracer-broken"
)

const (
	// flushTimeout bounds the tracer's last flush.
	flushTimeout = 3 * time.Second
	// LostAfter is the least wait after which a span counts as lost: a refresh
	// of Elasticsearch's index needs a second, and its bulk processor and
	// Jaeger's batches add to that.
	LostAfter = 3 * time.Second
	// fallbackShare is the part of the remaining time that is kept for the
	// other ingest paths.
	fallbackShare = 4
)

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDCanary,
		Hop:       probe.HopDelivery,
		Title:     "a span sent with this configuration can be read back",
		Needs:     []string{probe.IDUDP, probe.IDCollector, probe.IDQuery},
		After:     []string{probe.IDIdentity},
		Follows:   []string{probe.IDStorageKind},
		Unbounded: true,
		Codes: []probe.Code{
			CodeCanaryDelivered, CodeCanaryWarned, CodeCanaryDuplicated, probe.CodeCanaryLost, probe.CodeCanaryNotSent,
			codeCanaryNotAwaited, codeCanaryUnreadable, codeTracerBroken, transport.CodeUDPWrongEncoding, transport.CodeUDPAnswered,
			transport.CodeUDPNotServed, CodeCanaryTruncated, CodeCanaryAppdash,
		},
		Run: runCanary,
	}
}

// Delivery is the published result of a canary that arrived.
type Delivery struct {
	Target  string
	Visible time.Duration
	id      trace.TraceID
	// start is when the span had started, or a moment later.
	start time.Time
}

// String is the part of the verdict in parentheses.
func (d Delivery) String() string {
	return fmt.Sprintf("%s, visible after %s", d.Target, probe.RoundTime(d.Visible))
}

type sentCanary struct {
	Delivery
	stats tracer.Stats
	// log is what the tracer complained about.
	log []string
}

func runCanary(ctx context.Context, env *probe.Env) probe.Finding {
	client, err := env.NewQuery()
	if err != nil {
		return probe.Unknown(codeCanaryUnreadable, "%v", err)
	}
	defer client.Close()
	c, err := sendCanary(ctx, *env.Config())
	if err != nil {
		return probe.Fail(codeTracerBroken, "cannot create a tracer from this configuration: %v", err).AtHop(probe.HopConfig)
	}
	switch {
	case c.stats.Sent == 0 && ctx.Err() != nil:
		return probe.Unknown(codeCanaryNotAwaited, "timed out before a span could be sent to %s", c.Target).
			Saw(c.evidence()...).Hint("--timeout 30s")
	case c.stats.Sent == 0:
		return notSent(env, c)
	}
	env.Sent.Add(c.id, false)
	wait, cancel := withoutFallback(ctx)
	defer cancel()
	got, err := client.WaitTrace(wait, c.id, nil)
	c.Visible = time.Since(c.start)
	if err == nil {
		env.Publish(c.Delivery)
		return judgeCanary(got, c.Delivery).Saw(c.evidence()...).
			Saw(fmt.Sprintf("read it back from %s after %s", client.URL(), probe.RoundTime(c.Visible)))
	}
	if short := (trace.TraceID{Low: c.id.Low}); c.id.High != 0 && exists(ctx, client, short) {
		env.Publish(c.Delivery)
		return truncated(c, short)
	}
	f := notFound(env, c, client.URL(), err)
	if f.Code == probe.CodeCanaryLost {
		env.Publish(readBackAfterLoss(ctx, env, client))
	}
	return f
}

// withoutFallback returns a context with the time that a canary may wait,
// without the share kept for other paths.
func withoutFallback(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	left := time.Until(end)
	return context.WithTimeout(ctx, left-left/fallbackShare)
}

func exists(ctx context.Context, client *query.Client, id trace.TraceID) bool {
	_, err := client.Trace(ctx, id)
	return err == nil
}

// truncated is the finding for a span that arrives under half of its id.
func truncated(c *sentCanary, short trace.TraceID) probe.Finding {
	return probe.Warn(CodeCanaryTruncated,
		"a span arrives at %s with its trace id truncated to 64 bits: services with longer ids lose their traces", c.Target).
		Saw(c.evidence()...).
		Saw(fmt.Sprintf("trace %s was not found, but trace %s was", c.id, short)).
		Hint("OTDEMO_TRACE_ID_128BIT=false")
}

func (c *sentCanary) evidence() []string {
	sent := fmt.Sprintf("sent trace %s of service %s over %s", c.id, probe.CheckService, c.Target)
	return append([]string{sent}, c.log...)
}

// sendCanary sends one span with a tracer like the configured one, but for the
// sampler, which has a probe of its own. The span's times and counts are those
// of the tracer's Close.
func sendCanary(ctx context.Context, cfg config.Config) (*sentCanary, error) {
	if cfg.Tracer == config.TracerNoop {
		// config-effective reports it, and the rest of the path can still be
		// checked.
		cfg.Tracer = config.TracerJaeger
	}
	cfg.Disabled, cfg.Service = false, probe.CheckService
	cfg.Sampler = config.Sampler{Type: config.SamplerConst, Param: 1}
	cfg.Reporter.LogSpans = false
	var log logTail
	t, err := tracer.New(cfg, tracer.Options{Logger: log.logger()})
	if err != nil {
		return nil, err
	}
	span := t.StartSpan(probe.IDCanary)
	text, _ := t.TraceID(span.Context())
	id, idErr := trace.ParseTraceID(text)
	c := &sentCanary{Delivery: Delivery{Target: t.Target(), id: id, start: time.Now()}}
	span.Finish()
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	// What Close could not deliver is in the counts.
	_ = t.Close(ctx)
	c.stats, c.log = t.Stats(), log.lines()
	return c, idErr
}

func judgeCanary(got trace.Trace, seen Delivery) probe.Finding {
	warnings := got.Warnings
	for i := range got.Spans {
		warnings = append(warnings, got.Spans[i].Warnings...)
	}
	switch {
	case len(got.Spans) > 1:
		return probe.Warn(CodeCanaryDuplicated, "one span was sent, but %d were read back (%s)", len(got.Spans), seen).
			Hint("tcpdump -i any -n udp port 6831")
	case len(warnings) > 0:
		return probe.Warn(CodeCanaryWarned, "a span arrives (%s), with a warning from Jaeger: %s", seen, warnings[0]).Saw(warnings...)
	default:
		return probe.OK(CodeCanaryDelivered, "a span arrives (%s)", seen)
	}
}

func notSent(env *probe.Env, c *sentCanary) probe.Finding {
	s, host := c.stats, env.SpanHost()
	f := probe.Fail(probe.CodeCanaryNotSent, "the tracer could not send a span to %s", c.Target).AtHop(probe.HopNetwork).
		Saw(c.evidence()...).
		Saw(fmt.Sprintf("counted: refused %d, failed %d, too large %d, dropped %d", s.Refused, s.Failed, s.TooLarge, s.Dropped))
	switch {
	case s.Refused > 0:
		f.Fact += ": connection refused"
		return f.Hint(probe.HintStart(host))
	case s.TooLarge > 0:
		f.Fact += ": with its process tags, the span is larger than a packet"
		return f.AtHop(probe.HopConfig).Hint("--collector-endpoint " + send.ThriftURL(host))
	case env.Config().Tracer == config.TracerAppdash:
		// Only now does it show that the port is another program's.
		return f.Hint(send.ProtocolOf(&env.Target).Flag(host))
	}
	return f
}

func notFound(env *probe.Env, c *sentCanary, queryURL string, err error) probe.Finding {
	waited := probe.RoundTime(c.Visible)
	saw := append(c.evidence(), fmt.Sprintf("read trace %s at %s: %v", c.id, queryURL, err))
	agent := env.Config().Reporter.Agent
	jaeger, lacks := transport.NotServed(env)
	var f probe.Finding
	switch {
	case !errors.Is(err, query.ErrNotFound):
		f = probe.Unknown(codeCanaryUnreadable, "a span was sent to %s, but reading it back failed: %v", c.Target, err).
			AtHop(probe.HopQuery)
	case c.Visible < LostAfter:
		f = probe.Unknown(codeCanaryNotAwaited, "a span sent to %s was not found after %s, which is too soon to call it lost", c.Target, waited).
			Hint("--timeout 30s")
	case env.Config().Tracer == config.TracerAppdash:
		f = appdashUnread(env, c, queryURL, waited)
	case env.Config().UsesCollector():
		f = probe.Fail(probe.CodeCanaryLost, "a span that %s accepted was not found after %s", c.Target, waited).
			Hint(probe.HintLogs).
			Maybe(causesLostHTTP(env, queryURL)...)
	case lacks:
		f = transport.NotServedFinding(env, jaeger, "a span sent to %s was not found after %s", c.Target, waited)
	case env.Code(probe.IDUDP) == transport.CodeUDPWrongEncoding:
		f = probe.Fail(transport.CodeUDPWrongEncoding,
			"a span sent to %s was not found after %s: port %d is Jaeger's port for binary thrift, but spans are sent as compact thrift",
			c.Target, waited, agent.Port).
			AtHop(probe.HopNetwork).
			Hint(fmt.Sprintf("--agent-port %d", jaegers.PortCompact)).
			Maybe(causesLostUDP(agent.Port)...)
	case env.Code(probe.IDUDP) == transport.CodeUDPAnswered:
		f = probe.Fail(transport.CodeUDPAnswered,
			"a span sent to %s was not found after %s, and the port responds, which Jaeger never does: another program uses it",
			c.Target, waited).
			AtHop(probe.HopNetwork).
			Hint(fmt.Sprintf("ss -lnup 'sport = :%d' (on %s)", agent.Port, agent.Host))
	default:
		f = probe.Fail(probe.CodeCanaryLost, "a span sent to %s was neither refused nor found after %s", c.Target, waited).
			Hint("otdemo check-jaeger --collector-endpoint " + send.ThriftURL(agent.Host)).
			Maybe(causesLostUDP(agent.Port)...)
	}
	return f.Saw(saw...)
}

// causesLostUDP returns the explanations of silence over UDP. From this side of
// the network they all look the same.
func causesLostUDP(port int) []probe.Cause {
	return append(CausesLostBeforeUDP(port),
		probe.Cause{Text: "Jaeger received the span but could not decode, forward or store it", Command: probe.HintLogs},
		probe.Cause{Text: "query.url belongs to another Jaeger or reads another storage"},
	)
}

// CausesLostBeforeUDP are those of them that are before Jaeger.
func CausesLostBeforeUDP(port int) []probe.Cause {
	return []probe.Cause{
		{Text: "a firewall or a network policy drops the packets", Command: fmt.Sprintf("iptables -nvL | grep %d (on Jaeger's host)", port)},
		{Text: "the port is not published, and a NAT in between sends no error", Command: "docker ps --format '{{.Names}} {{.Ports}}'"},
		{Text: "another program uses the port", Command: fmt.Sprintf("ss -lnup 'sport = :%d' (on Jaeger's host)", port)},
		{Text: "the receive buffer was full", Command: fmt.Sprintf("grep :%04X /proc/net/udp (on Jaeger's host, last column)", port)},
	}
}

// appdashUnread returns the finding for a canary whose fate is unknown: only
// otdemo's own backend shows Appdash spans through an API that this check can
// read.
func appdashUnread(env *probe.Env, c *sentCanary, queryURL string, waited time.Duration) probe.Finding {
	return probe.Unknown(CodeCanaryAppdash,
		"a span was sent to %s, but %s does not return it after %s; what Appdash's own collector stores cannot be read from here",
		c.Target, queryURL, waited).
		Hint("http://"+net.JoinHostPort(env.SpanHost(), "7700")+"/traces (in a browser: Appdash's page, look for service "+probe.CheckService+")", probe.HintAllInOne)
}

func causesLostHTTP(env *probe.Env, queryURL string) []probe.Cause {
	if jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity); jaeger.Zipkin {
		return []probe.Cause{
			{Text: "Zipkin stores only part of the traces", Command: "env | grep COLLECTOR_SAMPLE_RATE (where Zipkin runs)"},
			{Text: "the storage rejects spans: Zipkin returns 202 before it stores them", Command: "docker logs --tail 50 zipkin"},
			{Text: "the storage is slow", Command: "otdemo check-jaeger --timeout 60s"},
			{Text: queryURL + " belongs to another Zipkin or reads another storage"},
		}
	}
	return []probe.Cause{
		{Text: "something other than this Jaeger accepted the span: a collector, a proxy or a load balancer in front of it, or another Jaeger"},
		{Text: fmt.Sprintf("the storage rejects spans: Jaeger returns %d before it stores them", send.ProtocolOf(&env.Target).Accepted), Command: probe.HintLogs},
		{Text: "the storage is slow", Command: "otdemo check-jaeger --timeout 60s"},
		{Text: "the collector's queue is full, so it drops spans", Command: "curl -sS http://localhost:14269/metrics | grep dropped"},
		{Text: queryURL + " belongs to another Jaeger, or reads another storage or index prefix"},
	}
}

// LostCanary is the published result of a lost canary: which of the spans sent
// so far were read back, and Jaeger's counters after them.
type LostCanary struct {
	Spans []probe.SentRecord
	After storage.AdminInfo
}

// readBackAfterLoss reads Jaeger's counters, and reads back each span of the
// run, before the probes of other paths send more.
func readBackAfterLoss(ctx context.Context, env *probe.Env, client *query.Client) LostCanary {
	// Spans that are sent while the counters are read may be counted or not.
	lost := LostCanary{Spans: env.Sent.All()}
	before := len(lost.Spans)
	if host := identity.AdminHost(&env.Target); host != "" {
		lost.After = storage.ReadAdmin(ctx, env, host)
	}
	lost.Spans = env.Sent.All()
	for i := before; i < len(lost.Spans); i++ {
		lost.Spans[i].Extra = true
	}
	ctx, cancel := context.WithTimeout(ctx, probe.AdminTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range lost.Spans {
		wg.Go(func() { lost.Spans[i].Shown = exists(ctx, client, lost.Spans[i].ID) })
	}
	wg.Wait()
	return lost
}
