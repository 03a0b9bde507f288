package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

const idCanary = "canary"

const (
	codeCanaryDelivered  Code = "canary-delivered"
	codeCanaryWarned     Code = "canary-warned"
	codeCanaryDuplicated Code = "canary-duplicated"
	codeCanaryLost       Code = "canary-lost"
	codeCanaryNotSent    Code = "canary-not-sent"
	codeCanaryNotAwaited Code = "canary-not-awaited"
	codeCanaryUnreadable Code = "canary-unreadable"
	codeCanaryTruncated  Code = "canary-id-truncated"
	codeCanaryAppdash    Code = "canary-appdash-unread"
	codeTracerBroken     Code = "tracer-broken"
)

const (
	// flushTimeout bounds the tracer's last flush.
	flushTimeout = 3 * time.Second
	// patience is the least wait after which a span counts as lost: a refresh of
	// Elasticsearch's index takes a second, and its bulk processor and Jaeger's
	// batches add to that.
	patience = 3 * time.Second
	// fallbackShare is the part of the time left that is kept for a look at the
	// other way in.
	fallbackShare = 4
)

func canaryProbe() Probe {
	return Probe{
		ID:      idCanary,
		Hop:     HopDelivery,
		Title:   "a span sent this way can be read back",
		Needs:   []string{idUDP, idCollector, idQuery},
		After:   []string{idIdentity},
		Follows: []string{idStorageKind},
		Patient: true,
		Codes: []Code{
			codeCanaryDelivered, codeCanaryWarned, codeCanaryDuplicated, codeCanaryLost, codeCanaryNotSent,
			codeCanaryNotAwaited, codeCanaryUnreadable, codeTracerBroken, codeUDPWrongEncoding, codeUDPAnswered,
			codeUDPNotServed, codeCanaryTruncated, codeCanaryAppdash,
		},
		Run: runCanary,
	}
}

// delivery is what the canary learns when it arrives.
type delivery struct {
	target  string
	visible time.Duration
	id      trace.TraceID
	// start is when the span had started, or a moment later.
	start time.Time
}

// String is the part of the verdict in parentheses.
func (d delivery) String() string {
	return fmt.Sprintf("%s, visible after %s", d.target, roundTime(d.visible))
}

// roundTime keeps three digits or so.
func roundTime(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// canary is one span on its way through a tracer.
type canary struct {
	id     trace.TraceID
	target string
	start  time.Time
	stats  tracer.Stats
	// log is what the tracer complained about.
	log []string
}

func runCanary(ctx context.Context, env *Env) Finding {
	client, err := env.newQuery()
	if err != nil {
		return found(StatusUnknown, codeCanaryUnreadable, "%v", err)
	}
	defer client.Close()
	c, err := sendCanary(ctx, *env.config())
	if err != nil {
		return found(StatusFail, codeTracerBroken, "no tracer can be made of this configuration: %v", err).at(HopConfig)
	}
	switch {
	case c.stats.Sent == 0 && ctx.Err() != nil:
		return found(StatusUnknown, codeCanaryNotAwaited, "the time was up before a span could be sent to %s", c.target).
			saw(c.evidence()...).hint("--timeout 30s")
	case c.stats.Sent == 0:
		return notSent(env, c)
	}
	env.sent.add(c.id, false)
	wait, cancel := withoutFallback(ctx)
	defer cancel()
	got, err := client.WaitTrace(wait, c.id, nil)
	seen := delivery{target: c.target, visible: time.Since(c.start), id: c.id, start: c.start}
	if err != nil {
		if short := (trace.TraceID{Low: c.id.Low}); c.id.High != 0 && isThere(ctx, client, short) {
			env.learn(seen)
			return truncated(c, short)
		}
		f := notSeen(env, c, seen, client.URL(), err)
		if f.Code == codeCanaryLost {
			env.learn(lookAfterLoss(ctx, env, client))
		}
		return f
	}
	env.learn(seen)
	return judgeCanary(got, seen).saw(c.evidence()...).
		saw(fmt.Sprintf("read it back from %s after %s", client.URL(), roundTime(seen.visible)))
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
func truncated(c *canary, short trace.TraceID) Finding {
	return found(StatusWarn, codeCanaryTruncated,
		"a span arrives at %s with its trace id cut to 64 bits: services with longer ids lose their traces", c.target).
		saw(c.evidence()...).
		saw(fmt.Sprintf("trace %s is not there, and trace %s is", c.id, short)).
		hint("OTDEMO_TRACE_ID_128BIT=false")
}

// evidence is what was sent where, and what the tracer said about it.
func (c *canary) evidence() []string {
	sent := fmt.Sprintf("sent trace %s of service %s over %s", c.id, checkService, c.target)
	return append([]string{sent}, c.log...)
}

// sendCanary sends one span with a tracer like the configured one, but for the
// sampler, which has a probe of its own. The span's times and counts are those
// of the tracer's Close.
func sendCanary(ctx context.Context, cfg config.Config) (*canary, error) {
	if cfg.Tracer == config.TracerNoop {
		// It has a probe of its own, and the rest of the way may still be looked at.
		cfg.Tracer = config.TracerJaeger
	}
	cfg.Disabled, cfg.Service = false, checkService
	cfg.Sampler = config.Sampler{Type: config.SamplerConst, Param: 1}
	cfg.Reporter.LogSpans = false
	var log logTail
	t, err := tracer.New(cfg, tracer.Options{Logger: log.logger()}) //nolint:contextcheck // Close ends the tracer, not ctx
	if err != nil {
		return nil, err
	}
	span := t.StartSpan(idCanary)
	text, _ := t.TraceID(span.Context())
	id, idErr := trace.ParseTraceID(text)
	c := &canary{id: id, target: t.Target(), start: time.Now()}
	span.Finish()
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	// What Close could not deliver is in the counts.
	_ = t.Close(ctx)
	c.stats, c.log = t.Stats(), log.lines()
	return c, idErr
}

func judgeCanary(got trace.Trace, seen delivery) Finding {
	warnings := got.Warnings
	for i := range got.Spans {
		warnings = append(warnings, got.Spans[i].Warnings...)
	}
	switch {
	case len(got.Spans) > 1:
		return found(StatusWarn, codeCanaryDuplicated, "one span was sent and %d came back (%s)", len(got.Spans), seen).
			hint("tcpdump -i any -n udp port 6831")
	case len(warnings) > 0:
		return found(StatusWarn, codeCanaryWarned, "a span arrives (%s), and Jaeger warns: %s", seen, warnings[0]).saw(warnings...)
	default:
		return found(StatusOK, codeCanaryDelivered, "a span arrives (%s)", seen)
	}
}

// notSent is the finding for a span that did not leave this process for good.
func notSent(env *Env, c *canary) Finding {
	s, host := c.stats, env.spanHost()
	f := found(StatusFail, codeCanaryNotSent, "the tracer could not send a span to %s", c.target).at(HopNetwork).
		saw(c.evidence()...).
		saw(fmt.Sprintf("counted: refused %d, failed %d, too large %d, dropped %d", s.Refused, s.Failed, s.TooLarge, s.Dropped))
	switch {
	case s.Refused > 0:
		f.Fact += ": the port refuses"
		return f.hint(hintStart(host))
	case s.TooLarge > 0:
		f.Fact += ": with its process tags it is larger than a packet"
		return f.at(HopConfig).hint("--collector-endpoint " + thriftURL(host))
	case env.config().Tracer == config.TracerAppdash:
		// Only now does it show that the port is another program's.
		return f.hint(intakeOf(&env.Target).flag(host))
	}
	return f
}

// notSeen is the finding for a span that was sent and did not come back.
func notSeen(env *Env, c *canary, seen delivery, queryURL string, err error) Finding {
	waited := roundTime(seen.visible)
	saw := append(c.evidence(), fmt.Sprintf("read trace %s at %s: %v", c.id, queryURL, err))
	agent := env.config().Reporter.Agent
	jaeger, lacks := notServed(env)
	var f Finding
	switch {
	case !errors.Is(err, query.ErrNotFound):
		f = found(StatusUnknown, codeCanaryUnreadable, "a span was sent to %s, and reading it back fails: %v", c.target, err).
			at(HopQuery)
	case seen.visible < patience:
		f = found(StatusUnknown, codeCanaryNotAwaited,
			"a span sent to %s is not there after %s, too soon to call it lost", c.target, waited).
			hint("--timeout 30s")
	case env.config().Tracer == config.TracerAppdash:
		f = appdashUnread(env, c, queryURL, waited)
	case env.config().UsesCollector():
		f = found(StatusFail, codeCanaryLost, "a span that %s accepted is not there after %s", c.target, waited).
			hint("docker logs --tail 50 jaeger").
			maybe(causesLostHTTP(env, queryURL)...)
	case lacks:
		f = notServedFinding(env, jaeger, "a span sent to %s is not there after %s", c.target, waited)
	case env.code(idUDP) == codeUDPWrongEncoding:
		f = found(StatusFail, codeUDPWrongEncoding,
			"a span sent to %s is not there after %s: port %d is Jaeger's for binary thrift, and spans are sent compact",
			c.target, waited, agent.Port).
			at(HopNetwork).
			hint(fmt.Sprintf("--agent-port %d", portCompact)).
			maybe(causesLostUDP(agent.Port)...)
	case env.code(idUDP) == codeUDPAnswered:
		f = found(StatusFail, codeUDPAnswered,
			"a span sent to %s is not there after %s, and the port answers, which a Jaeger never does: another program holds it",
			c.target, waited).
			at(HopNetwork).
			hint(fmt.Sprintf("ss -lnup 'sport = :%d' (on %s)", agent.Port, agent.Host))
	default:
		f = found(StatusFail, codeCanaryLost, "a span sent to %s is neither refused nor there after %s", c.target, waited).
			hint("otdemo check-jaeger --collector-endpoint " + thriftURL(agent.Host)).
			maybe(causesLostUDP(agent.Port)...)
	}
	return f.saw(saw...)
}

// causesLostUDP are the explanations of silence over UDP. Nothing on this side
// of the network tells them apart.
func causesLostUDP(port int) []Cause {
	return append(causesLostBeforeUDP(port),
		Cause{Text: "Jaeger took the span and could not decode, forward or store it", Command: hintLogs},
		Cause{Text: "query.url shows another Jaeger or another storage"},
	)
}

// causesLostBeforeUDP are those of them that are before Jaeger.
func causesLostBeforeUDP(port int) []Cause {
	return []Cause{
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
func appdashUnread(env *Env, c *canary, queryURL string, waited time.Duration) Finding {
	return found(StatusUnknown, codeCanaryAppdash,
		"a span was sent to %s, and %s does not show it after %s; what Appdash's own collector keeps is not to be read from here",
		c.target, queryURL, waited).
		hint("http://"+net.JoinHostPort(env.spanHost(), "7700")+"/traces (in a browser: Appdash's page, look for service "+checkService+")", hintAllInOne)
}

// causesLostHTTP are the explanations when a collector has accepted a span.
func causesLostHTTP(env *Env, queryURL string) []Cause {
	if jaeger, _ := fact[identity](env, idIdentity); jaeger.zipkin {
		return []Cause{
			{Text: "Zipkin keeps a part of the traces only", Command: "env | grep COLLECTOR_SAMPLE_RATE (where Zipkin runs)"},
			{Text: "the storage rejects spans: Zipkin says 202 before it stores them", Command: "docker logs --tail 50 zipkin"},
			{Text: "the storage is slow", Command: "otdemo check-jaeger --timeout 60s"},
			{Text: queryURL + " shows another Zipkin or another storage"},
		}
	}
	return []Cause{
		{Text: "what accepted the span is not this Jaeger: a collector, a proxy or a load balancer that passes spans on, or another Jaeger"},
		{Text: fmt.Sprintf("the storage rejects spans: Jaeger says %d before it stores them", intakeOf(&env.Target).accepted), Command: "docker logs --tail 50 jaeger"},
		{Text: "the storage is slow", Command: "otdemo check-jaeger --timeout 60s"},
		{Text: "the collector's queue is full and drops spans", Command: "curl -sS http://localhost:14269/metrics | grep dropped"},
		{Text: queryURL + " shows another Jaeger, another storage or another index prefix"},
	}
}
