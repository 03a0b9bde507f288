package rpc

import (
	"errors"
	"io"
)

// exactReader reads as many bytes as were announced; fewer are an error.
type exactReader struct {
	r    io.Reader
	left int64
}

func (e *exactReader) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(b[:min(int64(len(b)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
		if e.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// message reads a message up to a bound; more is an error.
type message struct {
	r    io.Reader
	left int64
}

var errExceeded = errors.New("the message is larger than the bound")

func (m *message) Read(b []byte) (int, error) {
	if m.exceeded() {
		return 0, errExceeded
	}
	n, err := m.r.Read(b[:min(int64(len(b)), m.left+1)])
	if m.left -= int64(n); m.exceeded() {
		return n, errExceeded
	}
	return n, err
}

// exceeded reports whether there was more than the bound.
func (m *message) exceeded() bool { return m.left < 0 }
