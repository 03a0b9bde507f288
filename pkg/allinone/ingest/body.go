package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// MaxBody bounds a request's body as it came and once it is unpacked. A batch
	// of 10,000 ordinary spans takes 5 MiB.
	MaxBody = 16 << 20
	// maxBodies bounds the bodies that are held at once as they came, however many
	// requests there are.
	maxBodies = 4 * MaxBody
	// A body of more than smallBody leaves a quarter of maxBodies to those that are
	// smaller, so that a few large ones that never end do not stop all others.
	smallBody    = 1 << 20
	maxLargeBody = maxBodies - maxBodies/4
	// A body is held in steps: firstRead until it has come, then 8 times as much up to
	// thirdRead, then twice as much each time. A body that is announced as long and does
	// not arrive holds next to nothing. thirdRead has memory that is used again: a batch
	// of 100 small spans takes a third of it, and new memory for each would be most
	// of what a request allocates.
	firstRead = 512
	thirdRead = 8 * 8 * firstRead
)

// Bodies reads the bodies of requests within bounds of memory. It may be used by
// many requests at once.
type Bodies struct {
	held atomic.Int64
	// spare has memory of thirdRead bytes that is free again, as *thirdSpace.
	spare sync.Pool
}

type thirdSpace [thirdRead]byte

// Body is the body of a request, or another message.
type Body struct {
	Bytes []byte
	size  int64 // charged to owner
	owner *Bodies
	// gzipped is whether Bytes are compressed, as they arrived, and need Unpack.
	gzipped bool
	first   [firstRead]byte
}

// Read reads the body of a request as it came; what it returns must be closed. The
// error is a *Fault. A compressed body stays so: one that arrives slowly must
// not hold the memory for its decompressed size.
func (b *Bodies) Read(r *http.Request) (*Body, error) {
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	if encoding != "" && encoding != "identity" && encoding != "gzip" {
		return nil, &Fault{Reason: Encoding, Detail: strings.ToValidUTF8(encoding, "?")}
	}
	in, err := b.Take(r.Body)
	if err != nil {
		return nil, err
	}
	in.gzipped = encoding == "gzip"
	return in, nil
}

// Take reads source to its end; what it returns must be closed. The error is a
// *Fault.
func (b *Bodies) Take(source io.Reader) (*Body, error) {
	in := &Body{owner: b}
	in.Bytes = in.first[:0]
	if err := in.fill(source); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// Close releases the memory: Bytes must not be used any more.
func (b *Body) Close() {
	b.owner.held.Add(-b.size)
	b.size = 0
	b.reuse()
	b.Bytes = nil
}

// reuse keeps memory of the usual size for another body.
func (b *Body) reuse() {
	if !b.gzipped && cap(b.Bytes) == thirdRead {
		b.owner.spare.Put((*thirdSpace)(b.Bytes[:thirdRead]))
	}
}

func (b *Body) fill(source io.Reader) error {
	for {
		n, err := source.Read(b.Bytes[len(b.Bytes):cap(b.Bytes)])
		b.Bytes = b.Bytes[:len(b.Bytes)+n]
		if n > 0 && b.size == 0 {
			if fault := b.charge(firstRead); fault != nil {
				return fault
			}
		}
		switch {
		case len(b.Bytes) > MaxBody:
			return &Fault{Reason: TooLarge}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		case len(b.Bytes) == cap(b.Bytes):
			if err := b.grow(); err != nil {
				return err
			}
		}
	}
}

// grow makes room for the next step, unless other requests hold too many.
func (b *Body) grow() error {
	n := 8 * cap(b.Bytes)
	if cap(b.Bytes) >= thirdRead {
		n = min(2*cap(b.Bytes), MaxBody+1)
	}
	if err := b.charge(n); err != nil {
		return err
	}
	larger := append(b.owner.room(n), b.Bytes...)
	b.reuse()
	b.Bytes = larger
	return nil
}

func (b *Bodies) room(n int) []byte {
	if n == thirdRead {
		if spare, ok := b.spare.Get().(*thirdSpace); ok {
			return spare[:0]
		}
	}
	return make([]byte, 0, n)
}

// charge accounts n bytes in all for the body.
func (b *Body) charge(n int) error {
	more, most := int64(n)-b.size, int64(maxBodies)
	if n > smallBody {
		most = maxLargeBody
	}
	b.size += more
	if b.owner.held.Add(more) > most {
		return &Fault{Reason: Busy}
	}
	return nil
}

// Unpack puts what the client packed in the place of what came. Its memory is not
// charged: the caller has one of the decoders' slots. The error is a *Fault.
func (b *Body) Unpack() error {
	if !b.gzipped {
		return nil
	}
	zipped, err := gzip.NewReader(bytes.NewReader(b.Bytes))
	if err != nil {
		return unreadable(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(io.LimitReader(zipped, MaxBody+1)); err != nil {
		return unreadable(err)
	}
	if plain.Len() > MaxBody {
		return &Fault{Reason: TooLarge}
	}
	b.Bytes = plain.Bytes()
	return nil
}

// unreadable is the fault of a body that could not be read to its end.
func unreadable(err error) *Fault {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return &Fault{Reason: Encoding, Detail: err.Error()}
	}
	return &Fault{Reason: Unreadable, Detail: err.Error()}
}
