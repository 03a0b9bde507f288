package allinone

import (
	"bytes"
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
	// maxBodies bounds the bodies that are held at once as they came, however many
	// requests there are.
	maxBodies = 4 * maxBody
	// A body of more than smallBody leaves a quarter of maxBodies to those that are
	// smaller, so that a few large ones that never end do not stop all others.
	smallBody    = 1 << 20
	maxLargeBody = maxBodies - maxBodies/4
	// A body is held in steps: firstRead until it has come, then secondRead, then
	// thirdRead, then twice as much each time. What claims to be long and does not
	// come holds next to nothing. thirdRead has memory that is used again: a batch
	// of 100 small spans takes a third of it, and new memory for each would be most
	// of what a request allocates.
	firstRead  = 512
	secondRead = 4 << 10
	thirdRead  = 32 << 10
)

// bodies reads the bodies of requests within bounds of memory. It may be used by
// many requests at once.
type bodies struct {
	held atomic.Int64
	// spare has memory of thirdRead bytes that is free again, as *thirdSpace.
	spare sync.Pool
}

type thirdSpace [thirdRead]byte

// body is what a request carried.
type body struct {
	bytes []byte
	size  int64 // charged to owner
	owner *bodies
	// gzipped says that bytes are as they came, and need unpack.
	gzipped bool
	first   [firstRead]byte
}

// read takes the body of a request as it came; what it returns must be closed. The
// error is a *wire.Fault. A body that is packed is so still: what comes slowly must
// not hold the memory of what it will be.
func (b *bodies) read(r *http.Request) (*body, error) {
	gzipped := false
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		gzipped = true
	default:
		return nil, &wire.Fault{Reason: wire.Encoding, Detail: strings.ToValidUTF8(encoding, "?")}
	}
	in, err := b.take(r.Body)
	if err != nil {
		return nil, err
	}
	in.gzipped = gzipped
	return in, nil
}

// take reads source to its end; what it returns must be closed. The error is a
// *wire.Fault.
func (b *bodies) take(source io.Reader) (*body, error) {
	in := &body{owner: b}
	in.bytes = in.first[:0]
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
	b.reuse()
	b.bytes = nil
}

// reuse keeps memory of the usual size for another body.
func (b *body) reuse() {
	if !b.gzipped && cap(b.bytes) == thirdRead {
		b.owner.spare.Put((*thirdSpace)(b.bytes[:thirdRead]))
	}
}

// fill reads until the end of source.
func (b *body) fill(source io.Reader) error {
	for {
		n, err := source.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if n > 0 && b.size == 0 {
			if fault := b.charge(firstRead); fault != nil {
				return fault
			}
		}
		switch {
		case len(b.bytes) > maxBody:
			return &wire.Fault{Reason: wire.TooLarge}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		case len(b.bytes) == cap(b.bytes):
			if err := b.grow(); err != nil {
				return err
			}
		}
	}
}

// grow makes room for the next step, unless other requests hold too many.
func (b *body) grow() error {
	n := min(2*cap(b.bytes), maxBody+1)
	switch cap(b.bytes) {
	case firstRead:
		n = secondRead
	case secondRead:
		n = thirdRead
	}
	if err := b.charge(n); err != nil {
		return err
	}
	var room []byte
	if spare, ok := b.owner.spare.Get().(*thirdSpace); n == thirdRead && ok {
		room = spare[:0]
	} else {
		if ok {
			b.owner.spare.Put(spare)
		}
		room = make([]byte, 0, n)
	}
	room = append(room, b.bytes...)
	b.reuse()
	b.bytes = room
	return nil
}

// charge accounts n bytes in all for the body.
func (b *body) charge(n int) error {
	more, most := int64(n)-b.size, int64(maxBodies)
	if n > smallBody {
		most = maxLargeBody
	}
	b.size += more
	if b.owner.held.Add(more) > most {
		return &wire.Fault{Reason: wire.Busy}
	}
	return nil
}

// unpack puts what the client packed in the place of what came. Its memory is not
// charged: the caller has one of the decoders' slots. The error is a *wire.Fault.
func (b *body) unpack() error {
	if !b.gzipped {
		return nil
	}
	zipped, err := gzip.NewReader(bytes.NewReader(b.bytes))
	if err != nil {
		return unreadable(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(io.LimitReader(zipped, maxBody+1)); err != nil {
		return unreadable(err)
	}
	if plain.Len() > maxBody {
		return &wire.Fault{Reason: wire.TooLarge}
	}
	b.bytes = plain.Bytes()
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
