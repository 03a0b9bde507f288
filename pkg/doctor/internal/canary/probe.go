package canary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
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
	// Patience is the least wait after which a span counts as lost: a refresh of
	// Elasticsearch's index takes a second, and its bulk processor and Jaeger's
	// batches add to that.
	Patience = 3 * time.Second
	// fallbackShare is the part of the time left that is kept for a look at the
	// other way in.
	fallbackShare = 4
)

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDCanary,
		Hop:       probe.HopDelivery,
		Title:     "a span sent this way can be read back",
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

// Delivery is what the canary learns when it arrives.
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

// Canary is one span on its way through a tracer.
type Canary struct {
	ID     trace.TraceID
	Target string
	start  time.Time
	Stats  tracer.Stats
	// log is what the tracer complained about.
	log []string
}

func runCanary(ctx context.Context, env *probe.Env) probe.Finding {
	client, err := env.NewQuery()
	if err != nil {
		return probe.Found(probe.StatusUnknown, codeCanaryUnreadable, "%v", err)
	}
	defer client.Close()
	c, err := SendCanary(ctx, *env.Config())
	if err != nil {
		return probe.Found(probe.StatusFail, codeTracerBroken, "no tracer can be made of this configuration: %v", err).AtHop(probe.HopConfig)
	}
	switch {
	case c.Stats.Sent == 0 && ctx.Err() != nil:
		return probe.Found(probe.StatusUnknown, codeCanaryNotAwaited, "the time was up before a span could be sent to %s", c.Target).
			Saw(c.Evidence()...).Hint("--timeout 30s")
	case c.Stats.Sent == 0:
		return notSent(env, c)
	}
	env.Sent.Add(c.ID, false)
	wait, cancel := withoutFallback(ctx)
	defer cancel()
	got, err := client.WaitTrace(wait, c.ID, nil)
	seen := Delivery{Target: c.Target, Visible: time.Since(c.start), id: c.ID, start: c.start}
	if err != nil {
		if short := (trace.TraceID{Low: c.ID.Low}); c.ID.High != 0 && isThere(ctx, client, short) {
			env.Publish(seen)
			return truncated(c, short)
		}
		f := notSeen(env, c, seen, client.URL(), err)
		if f.Code == probe.CodeCanaryLost {
			env.Publish(lookAfterLoss(ctx, env, client))
		}
		return f
	}
	env.Publish(seen)
	return judgeCanary(got, seen).Saw(c.Evidence()...).
		Saw(fmt.Sprintf("read it back from %s after %s", client.URL(), probe.RoundTime(seen.Visible)))
}

// withoutFallback leaves ctx the time that a canary may wait, without what is
// kept for a look at other ways.
func withoutFallback(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	left := time.Until(end)
	return context.WithTimeout(ctx, left-left/fallbackShare)
}

func isThere(ctx context.Context, client *query.Client, id trace.TraceID) bool {
	_, err := client.Trace(ctx, id)
	return err == nil
}

// truncated is the finding for a span that arrives under half of its id.
func truncated(c *Canary, short trace.TraceID) probe.Finding {
	return probe.Found(probe.StatusWarn, CodeCanaryTruncated,
		"a span arrives at %s with its trace id cut to 64 bits: services with longer ids lose their traces", c.Target).
		Saw(c.Evidence()...).
		Saw(fmt.Sprintf("trace %s is not there, and trace %s is", c.ID, short)).
		Hint("OTDEMO_TRACE_ID_128BIT=false")
}

// Evidence is what was sent where, and what the tracer said about it.
func (c *Canary) Evidence() []string {
	sent := fmt.Sprintf("sent trace %s of service %s over %s", c.ID, probe.CheckService, c.Target)
	return append([]string{sent}, c.log...)
}

// SendCanary sends one span with a tracer like the configured one, but for the
// sampler, which has a probe of its own. The span's times and counts are those
// of the tracer's Close.
func SendCanary(ctx context.Context, cfg config.Config) (*Canary, error) {
	if cfg.Tracer == config.TracerNoop {
		// It has a probe of its own, and the rest of the way may still be looked at.
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
	c := &Canary{ID: id, Target: t.Target(), start: time.Now()}
	span.Finish()
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	// What Close could not deliver is in the counts.
	_ = t.Close(ctx)
	c.Stats, c.log = t.Stats(), log.lines()
	return c, idErr
}

func judgeCanary(got trace.Trace, seen Delivery) probe.Finding {
	warnings := got.Warnings
	for i := range got.Spans {
		warnings = append(warnings, got.Spans[i].Warnings...)
	}
	switch {
	case len(got.Spans) > 1:
		return probe.Found(probe.StatusWarn, CodeCanaryDuplicated, "one span was sent and %d came back (%s)", len(got.Spans), seen).
			Hint("tcpdump -i any -n udp port 6831")
	case len(warnings) > 0:
		return probe.Found(probe.StatusWarn, CodeCanaryWarned, "a span arrives (%s), and Jaeger warns: %s", seen, warnings[0]).Saw(warnings...)
	default:
		return probe.Found(probe.StatusOK, CodeCanaryDelivered, "a span arrives (%s)", seen)
	}
}

// notSent is the finding for a span that did not leave this process for good.
func notSent(env *probe.Env, c *Canary) probe.Finding {
	s, host := c.Stats, env.SpanHost()
	f := probe.Found(probe.StatusFail, probe.CodeCanaryNotSent, "the tracer could not send a span to %s", c.Target).AtHop(probe.HopNetwork).
		Saw(c.Evidence()...).
		Saw(fmt.Sprintf("counted: refused %d, failed %d, too large %d, dropped %d", s.Refused, s.Failed, s.TooLarge, s.Dropped))
	switch {
	case s.Refused > 0:
		f.Fact += ": the port refuses"
		return f.Hint(probe.HintStart(host))
	case s.TooLarge > 0:
		f.Fact += ": with its process tags it is larger than a packet"
		return f.AtHop(probe.HopConfig).Hint("--collector-endpoint " + send.ThriftURL(host))
	case env.Config().Tracer == config.TracerAppdash:
		// Only now does it show that the port is another program's.
		return f.Hint(send.ProtocolOf(&env.Target).Flag(host))
	}
	return f
}

// notSeen is the finding for a span that was sent and did not come back.
func notSeen(env *probe.Env, c *Canary, seen Delivery, queryURL string, err error) probe.Finding {
	waited := probe.RoundTime(seen.Visible)
	saw := append(c.Evidence(), fmt.Sprintf("read trace %s at %s: %v", c.ID, queryURL, err))
	agent := env.Config().Reporter.Agent
	jaeger, lacks := transport.NotServed(env)
	var f probe.Finding
	switch {
	case !errors.Is(err, query.ErrNotFound):
		f = probe.Found(probe.StatusUnknown, codeCanaryUnreadable, "a span was sent to %s, and reading it back fails: %v", c.Target, err).
			AtHop(probe.HopQuery)
	case seen.Visible < Patience:
		f = probe.Found(probe.StatusUnknown, codeCanaryNotAwaited,
			"a span sent to %s is not there after %s, too soon to call it lost", c.Target, waited).
			Hint("--timeout 30s")
	case env.Config().Tracer == config.TracerAppdash:
		f = appdashUnread(env, c, queryURL, waited)
	case env.Config().UsesCollector():
		f = probe.Found(probe.StatusFail, probe.CodeCanaryLost, "a span that %s accepted is not there after %s", c.Target, waited).
			Hint("docker logs --tail 50 jaeger").
			Maybe(causesLostHTTP(env, queryURL)...)
	case lacks:
		f = transport.NotServedFinding(env, jaeger, "a span sent to %s is not there after %s", c.Target, waited)
	case env.Code(probe.IDUDP) == transport.CodeUDPWrongEncoding:
		f = probe.Found(probe.StatusFail, transport.CodeUDPWrongEncoding,
			"a span sent to %s is not there after %s: port %d is Jaeger's for binary thrift, and spans are sent compact",
			c.Target, waited, agent.Port).
			AtHop(probe.HopNetwork).
			Hint(fmt.Sprintf("--agent-port %d", jaegers.PortCompact)).
			Maybe(causesLostUDP(agent.Port)...)
	case env.Code(probe.IDUDP) == transport.CodeUDPAnswered:
		f = probe.Found(probe.StatusFail, transport.CodeUDPAnswered,
			"a span sent to %s is not there after %s, and the port answers, which a Jaeger never does: another program holds it",
			c.Target, waited).
			AtHop(probe.HopNetwork).
			Hint(fmt.Sprintf("ss -lnup 'sport = :%d' (on %s)", agent.Port, agent.Host))
	default:
		f = probe.Found(probe.StatusFail, probe.CodeCanaryLost, "a span sent to %s is neither refused nor there after %s", c.Target, waited).
			Hint("otdemo check-jaeger --collector-endpoint " + send.ThriftURL(agent.Host)).
			Maybe(causesLostUDP(agent.Port)...)
	}
	return f.Saw(saw...)
}

// causesLostUDP are the explanations of silence over UDP. Nothing on this side
// of the network tells them apart.
func causesLostUDP(port int) []probe.Cause {
	return append(CausesLostBeforeUDP(port),
		probe.Cause{Text: "Jaeger took the span and could not decode, forward or store it", Command: probe.HintLogs},
		probe.Cause{Text: "query.url shows another Jaeger or another storage"},
	)
}

// CausesLostBeforeUDP are those of them that are before Jaeger.
func CausesLostBeforeUDP(port int) []probe.Cause {
	return []probe.Cause{
		{
			Text:    "a firewall or a network policy drops the packets",
			Command: fmt.Sprintf("iptables -nvL | grep %d (on Jaeger's host)", port),
		},
		{
			Text:    "the port is not published, behind a NAT that sends no error",
			Command: "docker ps --format '{{.Names}} {{.Ports}}'",
		},
		{
			Text:    "another program holds the port",
			Command: fmt.Sprintf("ss -lnup 'sport = :%d' (on Jaeger's host)", port),
		},
		{
			Text:    "the receive buffer was full",
			Command: fmt.Sprintf("grep :%04X /proc/net/udp (on Jaeger's host, last column)", port),
		},
	}
}

// appdashUnread says what is not known: only otdemo's own backend shows spans of
// Appdash's through an API that this check reads.
func appdashUnread(env *probe.Env, c *Canary, queryURL string, waited time.Duration) probe.Finding {
	return probe.Found(probe.StatusUnknown, CodeCanaryAppdash,
		"a span was sent to %s, and %s does not show it after %s; what Appdash's own collector keeps is not to be read from here",
		c.Target, queryURL, waited).
		Hint("http://"+net.JoinHostPort(env.SpanHost(), "7700")+"/traces (in a browser: Appdash's page, look for service "+probe.CheckService+")", probe.HintAllInOne)
}

// causesLostHTTP are the explanations when a collector has accepted a span.
func causesLostHTTP(env *probe.Env, queryURL string) []probe.Cause {
	if jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity); jaeger.Zipkin {
		return []probe.Cause{
			{Text: "Zipkin keeps a part of the traces only", Command: "env | grep COLLECTOR_SAMPLE_RATE (where Zipkin runs)"},
			{Text: "the storage rejects spans: Zipkin says 202 before it stores them", Command: "docker logs --tail 50 zipkin"},
			{Text: "the storage is slow", Command: "otdemo check-jaeger --timeout 60s"},
			{Text: queryURL + " shows another Zipkin or another storage"},
		}
	}
	return []probe.Cause{
		{Text: "what accepted the span is not this Jaeger: a collector, a proxy or a load balancer that passes spans on, or another Jaeger"},
		{Text: fmt.Sprintf("the storage rejects spans: Jaeger says %d before it stores them", send.ProtocolOf(&env.Target).Accepted), Command: "docker logs --tail 50 jaeger"},
		{Text: "the storage is slow", Command: "otdemo check-jaeger --timeout 60s"},
		{Text: "the collector's queue is full and drops spans", Command: "curl -sS http://localhost:14269/metrics | grep dropped"},
		{Text: queryURL + " shows another Jaeger, another storage or another index prefix"},
	}
}
