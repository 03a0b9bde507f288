package elasticsearch

import (
	"fmt"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	codeLongIDs     probe.Code = "es-trace-ids-long"
	codeShortIDs    probe.Code = "es-trace-ids-short"
	codeShortCanary probe.Code = "es-canary-id-short"
)

// canaryAge is longer than any check runs, and shorter than the time between
// two.
const canaryAge = 2 * time.Minute

type searchHits struct {
	Hits struct {
		Total struct {
			Value    int    `json:"value"`
			Relation string `json:"relation"`
		} `json:"total"`
		Hits []struct {
			Index  string `json:"_index"`
			Source struct {
				TraceID string `json:"traceID"`
				Process struct {
					ServiceName string `json:"serviceName"`
				} `json:"process"`
			} `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
}

// shortIDs searches for spans with ids of 64 bits as Jaeger 1 writes them: 16 digits,
// and without leading zeros before 1.16. It returns how many there are, that in
// words, and an example. Elasticsearch counts no further than 10,000.
func shortIDs(env *probe.Env, r *reader, condition string) (n int, count string, saw []string) {
	v := url.Values{
		"q": {"traceID:/[0-9a-f]{1,16}/ AND " + condition}, "size": {"1"}, "timeout": {"2s"}, "ignore_unavailable": {"true"},
		"filter_path": {"hits.total,hits.hits._index,hits.hits._source"}, "_source_includes": {"traceID,process.serviceName"},
	}
	found := read[searchHits](r, env.Storage.NamePrefix()+kindSpan+"*/_search", v.Encode()).Hits
	for _, hit := range found.Hits {
		saw = append(saw, fmt.Sprintf("index %s: trace %s of service %s", hit.Index, hit.Source.TraceID, hit.Source.Process.ServiceName))
	}
	count = plural.Of(found.Total.Value, "span has a 64-bit id", "spans have 64-bit ids")
	if found.Total.Relation == "gte" {
		count = fmt.Sprintf("%d or more spans have 64-bit ids", found.Total.Value)
	}
	return found.Total.Value, count, saw
}

func checkTraceIDs(env *probe.Env, r *reader) probe.Finding {
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	// These write ids of 64 bits as 32 digits and look for no other form, while
	// Jaeger 1 writes 16 digits (jaeger#8266). Measured with 2.13; 2.8 is the first
	// whose gate jaeger.es.disableLegacyId is fixed.
	if jaeger.Major != 2 || jaeger.Version.Known() && !jaeger.Version.AtLeast(2, 8) {
		return probe.NotUsed("only Jaeger 2.8 and newer cannot find 64-bit ids; this is %s", jaeger)
	}
	// The canary of a check through a Jaeger 1 is one, and no trace that anybody
	// looks for.
	const ofChecks = "process.serviceName:" + probe.CheckService
	if env.Code(probe.IDCanary) == probe.CodeCanaryLost {
		since := time.Now().Add(-canaryAge).UnixMilli()
		if n, _, saw := shortIDs(env, r, fmt.Sprintf(ofChecks+" AND startTimeMillis:>=%d", since)); n > 0 {
			return shortCanary(jaeger).Saw(saw...)
		}
	}
	n, count, saw := shortIDs(env, r, "NOT "+ofChecks)
	if n == 0 {
		return probe.OK(codeLongIDs, "no trace has a 64-bit id in Jaeger 1's format")
	}
	return probe.Warn(codeShortIDs, "%s in Jaeger 1's format: %s cannot find them by id", count, jaeger).
		Saw(saw...).
		Hint(
			"JAEGER_TRACEID_128BIT=true wherever traces begin, as long as a Jaeger 1 writes",
			"keep the query service of Jaeger 1.76 until the old traces are deleted: it finds them",
		)
}

// shortCanary is the finding for a canary that went through a Jaeger 1 and is
// looked for in a Jaeger 2. The storage has it, so the fault is where it is read.
func shortCanary(jaeger identity.Identity) probe.Finding {
	return probe.Fail(codeShortCanary, "a span of this check is stored with a 64-bit id in Jaeger 1's format: %s cannot find it by id", jaeger).
		AtHop(probe.HopQuery).
		Hint(
			"OTDEMO_TRACE_ID_128BIT=true for the check, and JAEGER_TRACEID_128BIT=true wherever traces begin",
			"send spans directly to Jaeger 2: a Jaeger 1 wrote this one",
		)
}
