package ingest

import (
	"context"
	"net/http"
	"runtime"
)

// maxDecoders bounds the requests that are decoded at once, because the spans of a
// body take more memory than the body.
const maxDecoders = 4

// Uploads limits the requests that are read and decoded at once, on all ports
// together.
type Uploads struct {
	Bodies
	decoders chan struct{}
}

func newUploads() *Uploads {
	return &Uploads{decoders: make(chan struct{}, min(runtime.GOMAXPROCS(0), maxDecoders))}
}

// Decoder waits until one more body may be decoded and stored. The error is a *Fault.
func (u *Uploads) Decoder(ctx context.Context) (release func(), err error) {
	select {
	case u.decoders <- struct{}{}:
		return func() { <-u.decoders }, nil
	case <-ctx.Done():
		return nil, &Fault{Reason: Unreadable, Detail: ctx.Err().Error()}
	}
}

// Decode reads the body of a request within the limits and calls decode with it. It
// returns the size of the body as it came. A panic of decode becomes a *Fault.
func (u *Uploads) Decode(r *http.Request, decode func(body []byte) error) (size int, err error) {
	body, err := u.Read(r)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	size = len(body.Bytes)
	release, err := u.Decoder(r.Context())
	if err != nil {
		return size, err
	}
	defer release()
	if err := body.Unpack(); err != nil {
		return size, err
	}
	defer Recover(&err)
	return size, decode(body.Bytes)
}

// Receive stores the batch in the body of a request. It returns the fault if there is
// none, which it has counted.
func (p *Port) Receive(r *http.Request, decode func(body []byte) (Batch, error)) *Fault {
	size, err := p.Uploads.Decode(r, func(body []byte) error {
		batch, err := decode(body)
		if err == nil {
			p.Accept(&batch)
		}
		return err
	})
	if err == nil {
		return nil
	}
	p.Reject(Remote(r), size, err)
	return faultOf(err)
}

// RejectRequest counts a request whose body was not read.
func (p *Port) RejectRequest(r *http.Request, err error) {
	p.Reject(Remote(r), int(max(0, r.ContentLength)), err)
}
