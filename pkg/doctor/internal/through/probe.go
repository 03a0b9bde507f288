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
	CodeThroughJoined         probe.Code = "through-joined"
	codeThroughUnreachable    probe.Code = "through-unreachable"
	codeThroughNotReported    probe.Code = "through-not-reported"
	codeThroughNotExtracted   probe.Code = "through-not-extracted"
	codeThroughFormatMismatch probe.Code = "through-format-mismatch"
	CodeThroughSamplerDrops   probe.Code = "through-sampler-drops"
	codeThroughIDTruncated    probe.Code = "through-id-truncated"
	codeThroughStopsAt        probe.Code = "through-stops-at"
	codeThroughNotAwaited     probe.Code = "through-not-awaited"
	codeThroughUnreadable     probe.Code = "through-unreadable"
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
			CodeThroughJoined, codeThroughUnreachable, codeThroughNotReported, codeThroughNotExtracted,
			codeThroughFormatMismatch, CodeThroughSamplerDrops, codeThroughIDTruncated, codeThroughStopsAt,
			codeThroughNotAwaited, codeThroughUnreadable,
		},
		Run: runThrough,
	}
}

func runThrough(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Through == "" {
		return probe.NotUsed("no application was named")
	}
	u, err := parseThrough(env.Through)
	if err != nil {
		return probe.Found(probe.StatusFail, codeThroughUnreachable, "--through is no URL: %v", err).AtHop(probe.HopConfig).
			Hint("--through http://localhost:8000/")
	}
	v := newSession(u)
	if err := v.make(ctx, env); err != nil {
		return appUnreachable(u, err)
	}
	seen, err := v.waitSightings(ctx, env)
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return probe.Found(probe.StatusUnknown, codeThroughNotAwaited,
			"the time was up before %s could have reported its spans", probe.Bare(u)).
			Saw(v.Evidence()...).Hint("--timeout 30s")
	case err != nil:
		return probe.Found(probe.StatusUnknown, codeThroughUnreadable, "%s answers, and reading its spans back fails: %v", probe.Bare(u), err).
			AtHop(probe.HopQuery).Saw(v.Evidence()...)
	}
	v.reportParents(ctx, env, seen)
	return v.Judge(env, seen).Saw(v.Evidence()...).Saw(seen.Evidence(v)...)
}

func appUnreachable(u *url.URL, err error) probe.Finding {
	f := probe.OneCode(codeThroughUnreachable).Finding(u, err).AtHop(probe.HopNetwork)
	f.Fact = "the application is not there: " + f.Fact
	if probe.Classify(err) == probe.FaultPlain || probe.Classify(err) == probe.FaultTLS {
		return f.Hint("--through " + probe.OtherScheme(u))
	}
	return f.Hint(fmt.Sprintf("curl -v %s", probe.Bare(u)))
}
