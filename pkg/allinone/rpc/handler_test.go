package rpc

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
)

// rawCodec hands messages through as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = slices.Clone(data)
	return nil
}
func (rawCodec) Name() string { return "proto" }

// failures are what a handler told of.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(_ *http.Request, _ int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func (f *failures) all() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.errs)
}

const maxMessage = 1000

// serve runs a handler with a few methods until the test ends, and returns where.
func serve(t *testing.T, change func(*http.Server)) (addr string, failed *failures) {
	t.Helper()
	failed = &failures{}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: Handler(Options{
		Methods: map[string]Method{
			"/test/Echo":  func(_ *http.Request, message []byte) ([]byte, error) { return slices.Clone(message), nil },
			"/test/Fail":  func(*http.Request, []byte) ([]byte, error) { return nil, errors.New("50% ż\nfailed") },
			"/test/Busy":  func(*http.Request, []byte) ([]byte, error) { return nil, Statusf(codes.Unavailable, "come back") },
			"/test/Panic": func(*http.Request, []byte) ([]byte, error) { panic("ouch") },
		},
		MaxMessage:     maxMessage,
		PlainTextReply: "hello",
		Read: func(message io.Reader) ([]byte, func(), error) {
			b, err := io.ReadAll(message)
			return b, func() {}, err
		},
		Begin:   func(*http.Request) (func(), error) { return func() {}, nil },
		OnError: failed.add,
	})}
	Configure(server)
	if change != nil {
		change(server)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return l.Addr().String(), failed
}

func dial(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// gRPC's own client gets the reply, or the status.
func TestCalls(t *testing.T) {
	t.Parallel()
	addr, failed := serve(t, nil)
	conn := dial(t, addr)
	large := bytes.Repeat([]byte("x"), maxMessage)
	zipped := grpc.UseCompressor(grpcgzip.Name)
	tests := []struct {
		name, method string
		message      []byte
		opts         []grpc.CallOption
		want         codes.Code
		wantText     string
	}{
		{"small", "/test/Echo", []byte("hello"), nil, codes.OK, ""},
		{"empty", "/test/Echo", nil, nil, codes.OK, ""},
		{"packed", "/test/Echo", []byte("hello"), []grpc.CallOption{zipped}, codes.OK, ""},
		{"largest", "/test/Echo", large, nil, codes.OK, ""},
		{"largest, packed", "/test/Echo", large, []grpc.CallOption{zipped}, codes.OK, ""},
		{"too large", "/test/Echo", append(large, 'x'), nil, codes.ResourceExhausted, "larger than max (1001 vs. 1000)"},
		{"a bomb", "/test/Echo", bytes.Repeat(large, 100), []grpc.CallOption{zipped}, codes.ResourceExhausted, "larger than max"},
		{"a plain error", "/test/Fail", nil, nil, codes.Internal, "50% ż\nfailed"},
		{"a status", "/test/Busy", nil, nil, codes.Unavailable, "come back"},
		{"a panic", "/test/Panic", nil, nil, codes.Internal, "panicked: ouch"},
		{"an unknown method", "/test/Nothing", nil, nil, codes.Unimplemented, "unknown method /test/Nothing"},
	}
	faults := 0
	for _, tt := range tests {
		var reply []byte
		err := conn.Invoke(t.Context(), tt.method, &tt.message, &reply, tt.opts...)
		if status.Code(err) != tt.want || !strings.Contains(status.Convert(err).Message(), tt.wantText) {
			t.Errorf("%s: got %v, want code %v with %q", tt.name, err, tt.want, tt.wantText)
		}
		if err == nil && !bytes.Equal(reply, tt.message) {
			t.Errorf("%s: got %d bytes back, want the same %d", tt.name, len(reply), len(tt.message))
		}
		if tt.want != codes.OK {
			faults++
		}
	}
	if got := failed.all(); len(got) != faults {
		t.Errorf("told of %d failures, want %d: %v", len(got), faults, got)
	}
}

// Many calls over one connection, more than it may have at once.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, nil)
	conn := dial(t, addr)
	var calls sync.WaitGroup
	for range 3 * maxStreams {
		calls.Go(func() {
			message, reply := []byte("hello"), []byte(nil)
			if err := conn.Invoke(t.Context(), "/test/Echo", &message, &reply); err != nil || string(reply) != "hello" {
				t.Errorf("got %q, %v", reply, err)
			}
		})
	}
	calls.Wait()
}

// answer is what a request was answered over HTTP/2.
type answer struct {
	code                int
	body, status, words string
}

// post sends a request over HTTP/2 that gRPC's own client would not make.
func post(t *testing.T, addr, contentType, packing string, body io.Reader) answer {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/test/Echo", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Grpc-Encoding", packing)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(reply), resp.Trailer.Get("Grpc-Status"), resp.Trailer.Get("Grpc-Message")}
}

func zip(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func frame(flag byte, message []byte) []byte {
	return append([]byte{flag, 0, 0, byte(len(message) >> 8), byte(len(message))}, message...)
}

func TestMalformedCalls(t *testing.T) {
	t.Parallel()
	addr, failed := serve(t, nil)
	packed := zip(t, []byte("hello"))
	tests := []struct {
		name, packing string
		body          []byte
		want, text    string
	}{
		{"good", "", frame(0, []byte("hello")), "0", ""},
		{"good and packed", "gzip", frame(1, packed), "0", ""},
		{"not packed although it may be", "gzip", frame(0, []byte("hello")), "0", ""},
		{"no message", "", nil, "13", "no message"},
		{"half a head", "", []byte{0, 0}, "13", "no message"},
		{"cut short", "", frame(0, []byte("hello"))[:8], "13", "unexpected EOF"},
		{"a length of 4 GB", "", []byte{0, 0xff, 0xff, 0xff, 0xff}, "8", "larger than max"},
		{"two messages", "", slices.Concat(frame(0, nil), frame(0, nil)), "13", "more than one message"},
		{"a flag of 2", "", frame(2, nil), "13", "begins with 2"},
		{"packed in an unknown way", "snappy", frame(1, packed), "12", "snappy"},
		{"packed without a way", "", frame(1, packed), "12", "gzip is"},
		{"packed, cut short", "gzip", frame(1, packed[:len(packed)-9]), "13", "unexpected EOF"},
		{"not packed at all", "gzip", frame(1, []byte("hello")), "13", "unpack"},
	}
	faults := 0
	for _, tt := range tests {
		got := post(t, addr, "application/grpc", tt.packing, bytes.NewReader(tt.body))
		if got.status != tt.want || !strings.Contains(got.words, tt.text) {
			t.Errorf("%s: got status %q %q, want %q with %q", tt.name, got.status, got.words, tt.want, tt.text)
		}
		if tt.want == "0" && got.body != string(frame(0, []byte("hello"))) {
			t.Errorf("%s: got reply %q", tt.name, got.body)
		}
		if tt.want != "0" {
			faults++
		}
	}
	if got := failed.all(); len(got) != faults {
		t.Errorf("told of %d failures, want %d: %v", len(got), faults, got)
	}
}

// What is no gRPC gets words over HTTP/1 and HTTP/2.
func TestForeignersAreGreeted(t *testing.T) {
	t.Parallel()
	addr, failed := serve(t, nil)
	got := post(t, addr, "application/json", "", strings.NewReader("{}"))
	if got.code != http.StatusUnsupportedMediaType || got.body != "hello\n" {
		t.Errorf("HTTP/2: got %+v, want 415 hello", got)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("HTTP/1: got %d, want 415", resp.StatusCode)
	}
	for _, err := range failed.all() {
		if !errors.Is(err, ErrNotGRPC) {
			t.Errorf("told of %v, want ErrNotGRPC", err)
		}
	}
}

// A client that sends half a message and no more does not keep the call for ever.
func TestSlowCalls(t *testing.T) {
	t.Parallel()
	addr, failed := serve(t, func(s *http.Server) { s.ReadTimeout = 50 * time.Millisecond })
	stalled, release := io.Pipe()
	defer func() { _ = release.Close() }()
	body := struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(frame(0, []byte("hello"))[:7]), stalled), stalled}
	if got := post(t, addr, "application/grpc", "", body); got.status != "13" {
		t.Errorf("got %+v, want status 13", got)
	}
	if got := failed.all(); len(got) != 1 {
		t.Errorf("told of %v, want one failure", got)
	}
}
