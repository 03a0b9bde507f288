package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

const idThrough = "through"

const (
	codeThroughJoined         Code = "through-joined"
	codeThroughUnreachable    Code = "through-unreachable"
	codeThroughNotReported    Code = "through-not-reported"
	codeThroughNotExtracted   Code = "through-not-extracted"
	codeThroughFormatMismatch Code = "through-format-mismatch"
	codeThroughSamplerDrops   Code = "through-sampler-drops"
	codeThroughIDTruncated    Code = "through-id-truncated"
	codeThroughStopsAt        Code = "through-stops-at"
	codeThroughNotAwaited     Code = "through-not-awaited"
	codeThroughUnreadable     Code = "through-unreadable"
)

// throughProbe calls an application and reads back what it reports. All its
// findings are about the application, so the verdict weighs them after those
// about the configuration; see judge.
func throughProbe() Probe {
	return Probe{
		ID:      idThrough,
		Hop:     HopDelivery,
		Title:   "the application joins its callers' traces and reports them",
		Needs:   []string{idQuery},
		Patient: true,
		Codes: []Code{
			codeThroughJoined, codeThroughUnreachable, codeThroughNotReported, codeThroughNotExtracted,
			codeThroughFormatMismatch, codeThroughSamplerDrops, codeThroughIDTruncated, codeThroughStopsAt,
			codeThroughNotAwaited, codeThroughUnreadable,
		},
		Run: runThrough,
	}
}

func runThrough(ctx context.Context, env *Env) Finding {
	if env.Through == "" {
		return notUsed("no application was named")
	}
	u, err := parseThrough(env.Through)
	if err != nil {
		return found(StatusFail, codeThroughUnreachable, "--through is no URL: %v", err).at(HopConfig).
			hint("--through http://localhost:8000/")
	}
	v := newVisit(u)
	if err := v.make(ctx, env); err != nil {
		return appUnreachable(u, err)
	}
	seen, err := v.waitSightings(ctx, env)
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return found(StatusUnknown, codeThroughNotAwaited,
			"the time was up before %s could have reported its spans", bare(u)).
			saw(v.evidence()...).hint("--timeout 30s")
	case err != nil:
		return found(StatusUnknown, codeThroughUnreadable, "%s answers, and reading its spans back fails: %v", bare(u), err).
			at(HopQuery).saw(v.evidence()...)
	}
	v.reportParents(ctx, env, seen)
	return v.judge(env, seen).saw(v.evidence()...).saw(seen.evidence(v)...)
}

func appUnreachable(u *url.URL, err error) Finding {
	f := oneCode(codeThroughUnreachable).finding(u, err).at(HopNetwork)
	f.Fact = "the application is not there: " + f.Fact
	if classify(err) == faultPlain || classify(err) == faultTLS {
		return f.hint("--through " + otherScheme(u))
	}
	return f.hint(fmt.Sprintf("curl -v %s", bare(u)))
}
