package allinone

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

const (
	// maxBody bounds a request's body as it came and once it is unpacked. A batch
	// of 10,000 ordinary spans takes 5 MiB.
	maxBody = 16 << 20
	// maxBodies bounds the bodies that are held at once, however many requests
	// there are.
	maxBodies = 4 * maxBody
	// firstRead is the memory that a body gets to begin with, whatever length it
	// claims to have. A batch of 100 small spans takes a third of it, so that new
	// memory for each would be most of what a request allocates.
	firstRead = 32 << 10
)

// bodies reads the bodies of requests within bounds of memory. It may be used by
// many requests at once.
type bodies struct {
	held atomic.Int64
	// spare has bodies of firstRead bytes that are closed.
	spare sync.Pool
}

// body is what a request carried, unpacked.
type body struct {
	bytes []byte
	size  int64 // charged to owner
	owner *bodies
}

// read takes the body of a request, which must be closed. The error is a
// *wire.Fault.
func (b *bodies) read(r *http.Request) (*body, error) {
	source, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	return b.take(source)
}

// take reads source to its end; what it returns must be closed. The error is a
// *wire.Fault.
func (b *bodies) take(source io.Reader) (*body, error) {
	in, ok := b.spare.Get().(*body)
	if !ok {
		in = &body{owner: b}
	}
	if err := in.fill(source); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// close gives back the memory: the bytes must not be used any more.
func (b *body) close() {
	b.owner.held.Add(-b.size)
	b.size = 0
	if cap(b.bytes) == firstRead {
		b.bytes = b.bytes[:0]
		b.owner.spare.Put(b)
	}
}

// unpacked returns a reader of what the client packed.
func unpacked(r *http.Request) (io.Reader, error) {
	source := io.LimitReader(r.Body, maxBody+1)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return source, nil
	case "gzip":
		zipped, err := gzip.NewReader(source)
		if err != nil {
			return nil, unreadable(err)
		}
		return zipped, nil
	default:
		return nil, &wire.Fault{Reason: wire.Encoding, Detail: strings.ToValidUTF8(encoding, "?")}
	}
}

// fill reads until the end of source.
func (b *body) fill(source io.Reader) error {
	if err := b.grow(firstRead); err != nil {
		return err
	}
	for {
		n, err := source.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case len(b.bytes) > maxBody:
			return &wire.Fault{Reason: wire.TooLarge}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		case len(b.bytes) == cap(b.bytes):
			if err := b.grow(2 * cap(b.bytes)); err != nil {
				return err
			}
		}
	}
}

// grow makes room for n bytes in all, unless other requests hold too many.
func (b *body) grow(n int) error {
	n = min(n, maxBody+1)
	more := int64(n) - b.size
	b.size += more
	if b.owner.held.Add(more) > maxBodies {
		return &wire.Fault{Reason: wire.Busy}
	}
	if n > cap(b.bytes) {
		b.bytes = append(make([]byte, 0, n), b.bytes...)
	}
	return nil
}

// unreadable is the fault of a body that could not be read to its end.
func unreadable(err error) *wire.Fault {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return &wire.Fault{Reason: wire.Encoding, Detail: err.Error()}
	}
	return &wire.Fault{Reason: wire.Unreadable, Detail: err.Error()}
}

// statusOf returns what a request is answered that carried no batch of spans.
func statusOf(reason wire.Reason) int {
	switch reason {
	case wire.TooLarge:
		return http.StatusRequestEntityTooLarge
	case wire.Encoding:
		return http.StatusUnsupportedMediaType
	case wire.Busy:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// remote returns who sent a request, without the port: it is another one for each
// connection.
func remote(r *http.Request) netip.AddrPort {
	addr, _ := netip.ParseAddrPort(r.RemoteAddr)
	return withoutPort(addr)
}

func withoutPort(addr netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(addr.Addr().Unmap(), 0)
}
