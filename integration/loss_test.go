package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	jaegerclient "github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// account is what these tests look at of /api/loss.
type account struct {
	Spans int64 `json:"spans"`
	Agent struct {
		Datagrams    int64 `json:"datagrams"`
		KernelDrops  int64 `json:"kernel_drops"`
		SocketBuffer int64 `json:"socket_buffer_bytes"`
	} `json:"agent"`
	Clients []clientAccount `json:"clients"`
	Totals  struct {
		BatchesMissing int64 `json:"batches_missing"`
	} `json:"client_totals"`
}

type clientAccount struct {
	ID             string `json:"id"`
	Batches        int64  `json:"batches"`
	BatchesMissing int64  `json:"batches_missing"`
}

// awaitAccount reads /api/loss until done says so or the time is up, and returns
// what it read last.
func awaitAccount(t *testing.T, queryURL string, done func(account) bool) account {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var got account
		if err := getAccount(t.Context(), client, queryURL, &got); err != nil {
			t.Fatal(err)
		}
		if done(got) {
			return got
		}
		select {
		case <-ctx.Done():
			return got
		case <-tick.C:
		}
	}
}

func getAccount(ctx context.Context, client *http.Client, queryURL string, into *account) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, queryURL+"/api/loss", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/api/loss answers %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// TestBurstLosesNothing sends what real Jaegers lose a quarter to a half of:
// 200,000 small spans, as fast as jaeger-client-go's own transport can.
func TestBurstLosesNothing(t *testing.T) {
	const count, bufferWanted = 200_000, 4 << 20
	_, addrs := start(t, "all-in-one", "--free-ports")
	reporter := jaegerclient.NewInMemoryReporter()
	tracer, closer := jaegerclient.NewTracer("burst", jaegerclient.NewConstSampler(true), reporter)
	defer closer.Close()
	tracer.StartSpan("small").Finish()
	span := reporter.GetSpans()[0].(*jaegerclient.Span)

	transport, err := jaegerclient.NewUDPTransport(addrs["agent-compact"], 0)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.Close()
	var datagrams int64
	begin := time.Now()
	for range count {
		flushed, err := transport.Append(span)
		if err != nil {
			t.Fatal(err)
		}
		if flushed > 0 {
			datagrams++
		}
	}
	if flushed, err := transport.Flush(); err != nil {
		t.Fatal(err)
	} else if flushed > 0 {
		datagrams++
	}
	t.Logf("%d spans sent in %d datagrams in %s", count, datagrams, time.Since(begin).Round(time.Millisecond))

	got := awaitAccount(t, "http://"+addrs["query"], func(a account) bool {
		return a.Agent.Datagrams+a.Agent.KernelDrops == datagrams && (a.Agent.KernelDrops > 0 || a.Spans == count)
	})
	if sum := got.Agent.Datagrams + got.Agent.KernelDrops; sum != datagrams {
		t.Errorf("%d datagrams received and %d dropped by the kernel are %d, want the %d that were sent",
			got.Agent.Datagrams, got.Agent.KernelDrops, sum, datagrams)
	}
	if got.Spans == count && got.Totals.BatchesMissing == 0 {
		return
	}
	if got.Agent.SocketBuffer < bufferWanted {
		t.Logf("net.core.rmem_max caps the socket's buffer at %d bytes, so only the account was held", got.Agent.SocketBuffer)
		return
	}
	t.Errorf("%d of %d spans arrived, %d datagrams found the buffer full, %d batches are missing; want all, and none",
		got.Spans, count, got.Agent.KernelDrops, got.Totals.BatchesMissing)
}

// TestGapsAreCountedByClient drops batches on the way, and restarts the client,
// which then has another uuid and counts from 1 again.
func TestGapsAreCountedByClient(t *testing.T) {
	_, addrs := start(t, "all-in-one", "--free-ports")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", addrs["agent-compact"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sent := map[string][]int64{
		"first-life":  {1, 2, 4, 5, 8},
		"second-life": {1, 2},
		"other":       {1, 3},
	}
	batches := 0
	for uuid, numbers := range sent {
		for _, n := range numbers {
			sendNumbered(t, conn, uuid, n)
			batches++
		}
	}
	got := awaitAccount(t, "http://"+addrs["query"], func(a account) bool { return a.Spans == int64(batches) })
	byID := make(map[string]clientAccount)
	for _, c := range got.Clients {
		byID[c.ID] = c
	}
	want := map[string]clientAccount{
		"first-life":  {ID: "first-life", Batches: 5, BatchesMissing: 3},
		"second-life": {ID: "second-life", Batches: 2},
		"other":       {ID: "other", Batches: 2, BatchesMissing: 1},
	}
	if diff := cmp.Diff(want, byID); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	if got.Totals.BatchesMissing != 4 {
		t.Errorf("%d batches missing in all, want 4", got.Totals.BatchesMissing)
	}
}

// sendNumbered sends a batch of one span with a sequence number, as the client
// with this uuid.
func sendNumbered(t *testing.T, conn net.Conn, uuid string, n int64) {
	t.Helper()
	batch := &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: "gaps", Tags: []*jaeger.Tag{
			{Key: jaegerclient.TracerUUIDTagKey, VType: jaeger.TagType_STRING, VStr: &uuid},
		}},
		Spans: []*jaeger.Span{{TraceIdLow: n, SpanId: n, OperationName: "numbered", Flags: 1, StartTime: time.Now().UnixMicro(), Duration: 1}},
		SeqNo: &n,
	}
	buf := thrift.NewTMemoryBuffer()
	client := agent.NewAgentClientFactory(buf, thrift.NewTCompactProtocolFactoryConf(nil))
	if err := client.EmitBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(buf.Bytes()); err != nil {
		t.Fatal(err)
	}
}
