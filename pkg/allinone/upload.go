package allinone

import (
	"context"
	"errors"
	"net/http"
	"runtime"

	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// maxDecoders bounds the requests that are decoded at once, since the spans of a
// body take more memory than the body.
const maxDecoders = 4

// uploads are what the receivers over HTTP share.
type uploads struct {
	bodies bodies
	slots  chan struct{}
}

func newUploads() *uploads {
	return &uploads{slots: make(chan struct{}, min(runtime.GOMAXPROCS(0), maxDecoders))}
}

// receive stores the spans of a request's body. A fault says why there were none,
// and has been counted.
func (u *uploads) receive(in *inlet, r *http.Request, decode decoder) *wire.Fault {
	size, err := u.store(in, r, decode)
	if err == nil {
		return nil
	}
	in.reject(remote(r), size, err)
	if fault, ok := errors.AsType[*wire.Fault](err); ok {
		return fault
	}
	return &wire.Fault{Reason: wire.Malformed, Detail: err.Error()}
}

func (u *uploads) store(in *inlet, r *http.Request, decode decoder) (size int, err error) {
	content, err := u.bodies.read(r)
	if err != nil {
		return 0, err
	}
	defer content.close()
	size = len(content.bytes)
	release, err := u.slot(r.Context())
	if err != nil {
		return size, err
	}
	defer release()
	if err := content.unpack(); err != nil {
		return size, err
	}
	batch, err := decode(content.bytes)
	if err == nil {
		in.accept(&batch)
	}
	return size, err
}

// slot waits until a body may be decoded, and stored. The error is a *wire.Fault.
func (u *uploads) slot(ctx context.Context) (release func(), err error) {
	select {
	case u.slots <- struct{}{}:
		return func() { <-u.slots }, nil
	case <-ctx.Done():
		return nil, &wire.Fault{Reason: wire.Unreadable, Detail: ctx.Err().Error()}
	}
}

// onlyPost answers other methods as Jaeger does: 405 without a body.
func onlyPost(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		handle(w, r)
	}
}
