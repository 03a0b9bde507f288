package tracer

import (
	"context"
	"io"

	"github.com/uber/jaeger-client-go/thrift"
)

// appender is a thrift transport that appends what is written to a slice, so
// that generated code encodes straight into a batch.
type appender struct{ b []byte }

var _ thrift.TRichTransport = (*appender)(nil)

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

func (a *appender) WriteByte(c byte) error {
	a.b = append(a.b, c)
	return nil
}

func (a *appender) WriteString(s string) (int, error) {
	a.b = append(a.b, s...)
	return len(s), nil
}

// The rest of the interface is for transports that read or hold a connection.

func (a *appender) Read([]byte) (int, error)    { return 0, io.EOF }
func (a *appender) ReadByte() (byte, error)     { return 0, io.EOF }
func (a *appender) RemainingBytes() uint64      { return 0 }
func (a *appender) Flush(context.Context) error { return nil }
func (a *appender) Open() error                 { return nil }
func (a *appender) IsOpen() bool                { return true }
func (a *appender) Close() error                { return nil }
