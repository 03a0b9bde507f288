package rpc

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// DefaultMaxMessage is the largest message that gRPC servers accept by default, Jaeger
// among them: 4 MiB.
const DefaultMaxMessage = 4 << 20

// MediaType is what the content type of a call begins with.
const MediaType = "application/grpc"

const (
	// maxStreams bounds the calls of one connection at a time, as grpc-go's
	// documentation recommends; a client queues the others.
	maxStreams = 100
	// pingAfter is the silence after which a connection must prove that it lives.
	pingAfter = time.Minute
)

// Configure makes a server for a Handler speak gRPC's HTTP/2 without TLS, and
// HTTP/1, so that clients of another kind get an answer that they understand. The
// server's timeouts hold for each call.
func Configure(server *http.Server) {
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter}
}

// Method answers a call. The message holds only until it returns. An error that
// is not a *Status is sent to the client as Internal.
type Method func(r *http.Request, message []byte) (reply []byte, err error)

// Options configure a Handler. All but PlainTextReply are required.
type Options struct {
	// Methods by path, such as /jaeger.api_v2.CollectorService/PostSpans.
	Methods map[string]Method
	// MaxMessage bounds a message as it came and once it is unpacked, in bytes.
	MaxMessage int64
	// Read reads a message, as it comes, to its end. The bytes are used until release
	// is called.
	Read func(message io.Reader) (b []byte, release func(), err error)
	// Begin waits until a message that has come may be unpacked and handed to its
	// method; end is called when both have been done.
	Begin func(r *http.Request) (end func(), err error)
	// PlainTextReply is the response to what is not gRPC.
	PlainTextReply string
	// OnError is called for each call that ends with an error, with the size of its
	// message as it came, 0 if unknown. What is not gRPC gives ErrNotGRPC.
	OnError func(r *http.Request, size int64, err error)
}

var (
	// ErrNotGRPC is a request that is not a gRPC call.
	ErrNotGRPC = errors.New("not a gRPC call")
	// ErrUnknownMethod is a call to none of the methods.
	ErrUnknownMethod = errors.New("unknown method")
	// ErrPanicked is a method that panicked.
	ErrPanicked = errors.New("the receiver panicked")
)

// Handler answers gRPC calls. A method that panics ends its own call only.
func Handler(opts Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isCall(r) {
			opts.OnError(r, max(0, r.ContentLength), ErrNotGRPC)
			http.Error(w, opts.PlainTextReply, http.StatusUnsupportedMediaType)
			return
		}
		w.Header().Set("Content-Type", MediaType)
		w.Header().Set("Grpc-Accept-Encoding", "gzip")
		reply, size, err := opts.call(r)
		if err == nil {
			err = send(w, reply)
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(int(CodeOf(err))))
		if err != nil {
			w.Header().Set(http.TrailerPrefix+"Grpc-Message", escape(err.Error()))
			opts.OnError(r, size, err)
		}
	})
}

func isCall(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && r.ProtoMajor == 2 && r.Method == http.MethodPost &&
		(mediaType == MediaType || mediaType == MediaType+"+proto")
}

func (o *Options) call(r *http.Request) (reply []byte, size int64, err error) {
	method, ok := o.Methods[r.URL.Path]
	if !ok {
		return nil, 0, Statusf(codes.Unimplemented, "%w %.128s", ErrUnknownMethod, r.URL.Path)
	}
	in, packed, size, err := o.open(r)
	if err != nil {
		return nil, size, err
	}
	b, release, err := o.Read(in)
	if err != nil {
		return nil, size, err
	}
	defer release()
	if err := atEnd(r.Body); err != nil {
		return nil, size, err
	}
	end, err := o.Begin(r)
	if err != nil {
		return nil, size, err
	}
	defer end()
	if packed {
		if b, err = o.unpack(b); err != nil {
			return nil, size, err
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = Statusf(codes.Internal, "%w: %v", ErrPanicked, p)
		}
	}()
	reply, err = method(r, b)
	return reply, size, err
}

// headBytes stand before a message: whether it is packed, and its length
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
const headBytes = 5

// open returns the request's message as it comes, bounded, whether it is packed, and
// its size.
func (o *Options) open(r *http.Request) (m io.Reader, packed bool, size int64, err error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(r.Body, head[:]); err != nil {
		return nil, false, 0, Statusf(codes.Internal, "the call has no message: %v", err)
	}
	size = int64(binary.BigEndian.Uint32(head[1:]))
	if size > o.MaxMessage {
		return nil, false, size, tooLarge(size, o.MaxMessage)
	}
	switch packing := r.Header.Get("Grpc-Encoding"); {
	case head[0] == 0:
	case head[0] != 1:
		return nil, false, size, Statusf(codes.Internal, "the message begins with %d, want 0 or 1", head[0])
	case !strings.EqualFold(packing, "gzip"):
		return nil, false, size, Statusf(codes.Unimplemented, "grpc-encoding %.32q is not supported, gzip is", packing)
	}
	return &exactReader{io.LimitedReader{R: r.Body, N: size}}, head[0] == 1, size, nil
}

func (o *Options) unpack(b []byte) ([]byte, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, Statusf(codes.Internal, "unpack the message: %v", err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(io.LimitReader(zipped, o.MaxMessage+1)); err != nil {
		return nil, Statusf(codes.Internal, "unpack the message: %v", err)
	}
	if int64(plain.Len()) > o.MaxMessage {
		return nil, tooLarge(o.MaxMessage+1, o.MaxMessage)
	}
	return plain.Bytes(), nil
}

// tooLarge is worded as gRPC's own servers do.
func tooLarge(size, most int64) error {
	return Statusf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", size, most)
}

func atEnd(body io.Reader) error {
	var one [1]byte
	if n, err := io.ReadFull(body, one[:]); n > 0 {
		return Statusf(codes.Internal, "the call has more than one message")
	} else if !errors.Is(err, io.EOF) {
		return Statusf(codes.Internal, "read the end of the call: %v", err)
	}
	return nil
}

// send writes the reply. It sends the header off first: with a length in it, as
// net/http adds one to what is short, some clients expect no trailers.
func send(w http.ResponseWriter, reply []byte) error {
	w.WriteHeader(http.StatusOK)
	if err := http.NewResponseController(w).Flush(); err != nil {
		return fmt.Errorf("send the reply: %w", err)
	}
	head := [headBytes]byte{}
	binary.BigEndian.PutUint32(head[1:], uint32(len(reply)))
	if _, err := w.Write(append(head[:], reply...)); err != nil {
		return fmt.Errorf("send the reply: %w", err)
	}
	return nil
}

// exactReader reads as many bytes as were announced; fewer are an error.
type exactReader struct{ io.LimitedReader }

func (e *exactReader) Read(b []byte) (int, error) {
	n, err := e.LimitedReader.Read(b)
	if errors.Is(err, io.EOF) && e.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
