package page

import (
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/page/sample"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Behind --proxy-query, real Jaegers' traces are searched, opened and compared.
func TestRealJaegers(t *testing.T) {
	t.Parallel()
	for _, release := range jaegers.Releases() {
		t.Run(release.Name, func(t *testing.T) {
			t.Parallel()
			needBrowser(t)
			jaeger := jaegers.Start(t, release)
			a, b := trace.TraceID{High: 1, Low: 0xa1}, trace.TraceID{High: 1, Low: 0xb2}
			sendTo(t, jaeger.CollectorURL, jaeger.QueryURL, sample.Shop(a, time.Now().Add(-time.Minute), 0))
			sendTo(t, jaeger.CollectorURL, jaeger.QueryURL, sample.Shop(b, time.Now().Add(-time.Second), 120))
			s := proxy(t, jaeger.QueryURL)
			v := open(t, s.url, "/search?service=payment")
			v.forgiven = []string{badStatus} // /api/recent and /api/loss are otdemo's own
			v.sees("2 traces")
			v.click("link", "^web: GET /checkout$")
			v.at("^/trace/")
			v.one("treegrid", "")
			v.click("row", "charge card")
			v.sees("payment: charge card", "self time")
			v.must(v.Back())
			v.sees("2 traces")
			v.visit("/trace/" + a.String() + "..." + b.String())
			v.sees("charge card", "304ms")
			v.visit("/trace/ffff")
			v.sees("trace not found")
			v.visit("/search")
			v.one("combobox", "^Service$")
			v.visit("/loss")
			v.sees("This server does not report losses")
		})
	}
}
