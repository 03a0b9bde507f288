package tracer_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/openzipkin/zipkin-go/model"
	"github.com/uber/jaeger-client-go/thrift"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	otlp "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"sourcegraph.com/sourcegraph/appdash"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// manner is how a receiver treats what it gets.
type manner int

const (
	takes  manner = iota // accepts it
	fails                // refuses it
	silent               // never answers
	holds                // accepts it once release is called
)

// receiver is a backend's port, read with code that the tracer does not share,
// which counts the spans it accepted.
type receiver struct {
	// endpoint is reporter.collector.endpoint, "" for the agent at port.
	endpoint string
	port     int
	manner   manner
	// arrived is closed when the first spans are there.
	arrived  chan struct{}
	released chan struct{}
	once     sync.Once

	mu    sync.Mutex
	spans map[string]int
}

func newReceiver(m manner) *receiver {
	return &receiver{
		manner: m, arrived: make(chan struct{}), released: make(chan struct{}), spans: map[string]int{},
	}
}

var errRefused = errors.New("refused")

// accept takes spans by their ids, or returns why not; it waits if it is to.
func (r *receiver) accept(ctx context.Context, ids ...string) error {
	r.once.Do(func() { close(r.arrived) })
	switch r.manner {
	case takes:
	case fails:
		return errRefused
	case silent:
		<-ctx.Done()
		return ctx.Err()
	case holds:
		select {
		case <-r.released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.spans[id]++
	}
	return nil
}

// count returns how many different spans came.
func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.spans)
}

func (r *receiver) release() { close(r.released) }

// listenHTTP makes a receiver of bodies that decode returns the span ids of.
func listenHTTP(path string, answer int, decode func([]byte) ([]string, error)) func(*testing.T, manner) *receiver {
	return func(t *testing.T, m manner) *receiver {
		t.Helper()
		r := newReceiver(m)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return // the client gave up
			}
			ids, err := decode(body)
			if err != nil {
				t.Errorf("a body does not decode: %v", err)
			}
			if err := r.accept(req.Context(), ids...); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.WriteHeader(answer)
		}))
		t.Cleanup(server.Close)
		r.endpoint = server.URL + path
		return r
	}
}

func thriftIDs(body []byte) ([]string, error) {
	buf := thrift.NewTMemoryBuffer()
	buf.Write(body)
	var batch j.Batch
	err := batch.Read(context.Background(), thrift.NewTBinaryProtocolConf(buf, nil))
	var ids []string
	for _, span := range batch.Spans {
		ids = append(ids, strconv.FormatInt(span.SpanId, 16))
	}
	return ids, err
}

func zipkinIDs(body []byte) ([]string, error) {
	var spans []model.SpanModel
	err := json.Unmarshal(body, &spans)
	var ids []string
	for _, span := range spans {
		ids = append(ids, span.ID.String())
	}
	return ids, err
}

func otlpIDs(body []byte) ([]string, error) {
	var request otlp.ExportTraceServiceRequest
	err := proto.Unmarshal(body, &request)
	return otlpRequestIDs(&request), err
}

func otlpRequestIDs(request *otlp.ExportTraceServiceRequest) []string {
	var ids []string
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				ids = append(ids, string(span.GetSpanId()))
			}
		}
	}
	return ids
}

// listenAgent makes an agent's UDP port.
func listenAgent(t *testing.T, _ manner) *receiver {
	t.Helper()
	r := newReceiver(takes)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	r.port = conn.LocalAddr().(*net.UDPAddr).Port
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			p, err := testkit.DecodePacket(buf[:n])
			if err != nil {
				t.Errorf("a datagram does not decode: %v", err)
				continue
			}
			for _, span := range p.Batch.Spans {
				_ = r.accept(t.Context(), strconv.FormatInt(span.SpanId, 16))
			}
		}
	}()
	return r
}

// listenGRPC makes a receiver of OTLP over gRPC.
func listenGRPC(t *testing.T, m manner) *receiver {
	t.Helper()
	r := newReceiver(m)
	listener := testkit.ListenTCP(t)
	server := grpc.NewServer()
	otlp.RegisterTraceServiceServer(server, &grpcReceiver{r: r})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	r.endpoint = "grpc://" + listener.Addr().String()
	return r
}

type grpcReceiver struct {
	otlp.UnimplementedTraceServiceServer
	r *receiver
}

func (g *grpcReceiver) Export(
	ctx context.Context, request *otlp.ExportTraceServiceRequest,
) (*otlp.ExportTraceServiceResponse, error) {
	if err := g.r.accept(ctx, otlpRequestIDs(request)...); err != nil {
		return nil, grpcstatus.Error(codes.Unavailable, err.Error())
	}
	return &otlp.ExportTraceServiceResponse{}, nil
}

// listenAppdash makes Appdash's own collector, with a store that counts. One that
// fails breaks each connection.
func listenAppdash(t *testing.T, m manner) *receiver {
	t.Helper()
	r := newReceiver(m)
	r.endpoint = "tcp://" + testkit.StartAppdash(t, testkit.ListenTCP(t), m == fails, func(span appdash.SpanID, _ ...appdash.Annotation) error {
		return r.accept(t.Context(), span.Span.String())
	})
	return r
}
