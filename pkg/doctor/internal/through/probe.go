package through

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// The codes of what is found here.
const (
	CodeJoined         probe.Code = "through-joined"
	codeUnreachable    probe.Code = "through-unreachable"
	codeNotReported    probe.Code = "through-not-reported"
	codeNotExtracted   probe.Code = "through-not-extracted"
	codeFormatMismatch probe.Code = "through-format-mismatch"
	CodeSamplerDrops   probe.Code = "through-sampler-drops"
	codeIDTruncated    probe.Code = "through-id-truncated"
	codeStopsAt        probe.Code = "through-stops-at"
	codeNotAwaited     probe.Code = "through-not-awaited"
	codeUnreadable     probe.Code = "through-unreadable"
)

// Probe calls an application and reads back what it reports. All its
// findings are about the application, so the verdict weighs them after those
// about the configuration; see judge.
func Probe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDThrough,
		Hop:       probe.HopDelivery,
		Title:     "the application joins its callers' traces and reports them",
		Needs:     []string{probe.IDQuery},
		Unbounded: true,
		Codes: []probe.Code{
			CodeJoined, codeUnreachable, codeNotReported, codeNotExtracted,
			codeFormatMismatch, CodeSamplerDrops, codeIDTruncated, codeStopsAt,
			codeNotAwaited, codeUnreadable,
		},
		Run: run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Through == "" {
		return probe.NotUsed("no application is set")
	}
	u, err := parseURL(env.Through)
	if err != nil {
		return probe.Found(probe.StatusFail, codeUnreachable, "--through is not a valid URL: %v", err).AtHop(probe.HopConfig).
			Hint("--through http://localhost:8000/")
	}
	v := newSession(u)
	if err := v.make(ctx, env); err != nil {
		return unreachable(u, err)
	}
	seen, err := v.waitObservations(ctx, env)
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return probe.Found(probe.StatusUnknown, codeNotAwaited,
			"timed out before %s could report its spans", probe.Bare(u)).
			Saw(v.evidence()...).Hint("--timeout 30s")
	case err != nil:
		return probe.Found(probe.StatusUnknown, codeUnreadable, "%s responds, but reading its spans back failed: %v", probe.Bare(u), err).
			AtHop(probe.HopQuery).Saw(v.evidence()...)
	}
	seen.reportParents(ctx, env)
	return seen.judge(env).Saw(v.evidence()...).Saw(seen.shown()...)
}

func unreachable(u *url.URL, err error) probe.Finding {
	f := probe.OneCode(codeUnreachable).Finding(u, err).AtHop(probe.HopNetwork)
	f.Fact = "cannot reach the application: " + f.Fact
	if probe.Classify(err) == probe.FaultPlain || probe.Classify(err) == probe.FaultTLS {
		return f.Hint("--through " + probe.OtherScheme(u))
	}
	return f.Hint(fmt.Sprintf("curl -v %s", probe.Bare(u)))
}
