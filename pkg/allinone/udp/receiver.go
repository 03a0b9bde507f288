package udp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	// queueLimit bounds what waits in our own memory, beside that.
	queueLimit = 16 << 20
	// maxDatagram is the longest payload that UDP's length field can express.
	maxDatagram = 1<<16 - 1
	// chunkBytes is the memory that datagrams are read into one after another; it
	// is free again when the last of its datagrams has been handled.
	chunkBytes = 1 << 20
	// maxWorkers bounds the goroutines that handle datagrams.
	maxWorkers = 4

	// drainMost bounds the draining of a socket that is flooded meanwhile.
	drainMost = 2 * time.Second
	// errorPause keeps a socket that only gives errors from taking a whole core.
	errorPause = 10 * time.Millisecond
)

// Handler gets each datagram once. It is called by several goroutines at a time
// and in no certain order; it may keep the payload.
type Handler func(payload []byte, from netip.AddrPort)

// Receiver reads datagrams from a socket and hands them to a Handler.
type Receiver struct {
	conn    *net.UDPConn
	handle  Handler
	logger  *slog.Logger
	queue   *queue
	buffer  int
	closing chan struct{}
	ended   chan struct{} // the reader and the workers are done

	datagrams, bytes atomic.Int64
	finalDrops       atomic.Pointer[drops]
	stop             sync.Once
}

// drops is the kernel's count of what it dropped, if it is known.
type drops struct {
	n     int64
	known bool
}

// Start takes over conn and reads from it until Close.
func Start(conn *net.UDPConn, handle Handler, logger *slog.Logger) *Receiver {
	r := &Receiver{
		conn:    conn,
		handle:  handle,
		logger:  logger,
		queue:   newQueue(queueLimit),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	r.enlargeBuffer()
	var work sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		work.Go(r.work)
	}
	go func() {
		defer close(r.ended)
		r.read()
		r.queue.close()
		work.Wait()
	}()
	return r
}

// WantedBuffer is the receive buffer that is requested from the kernel, in bytes. With
// 4 MiB a burst of 200,000 spans at full speed lost none, with Linux's default a
// fiftieth.
const WantedBuffer = 4 << 20

// enlargeBuffer requests a larger buffer and reads what was granted. A kernel that
// grants less returns no error.
func (r *Receiver) enlargeBuffer() {
	if err := r.conn.SetReadBuffer(WantedBuffer); err != nil {
		r.logger.Warn("kernel refuses a larger UDP receive buffer", "address", r.conn.LocalAddr().String(), "error", err)
	}
	r.buffer = readBuffer(r.conn)
}

// Capped reports whether a receive buffer is known to be smaller than WantedBuffer, so
// that bursts may be lost. granted is in bytes, 0 when unknown.
func Capped(granted int) bool { return granted != 0 && granted < WantedBuffer }

// read fills the queue until the receiver is closed and the socket is empty.
func (r *Receiver) read() {
	in := input{conn: r.conn}
	for {
		d, err := in.next()
		switch {
		case err == nil:
			r.received(d)
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.drain(&in)
			return
		case errors.Is(err, net.ErrClosed):
			return
		default:
			r.logger.Warn("UDP socket gave an error", "address", r.conn.LocalAddr().String(), "error", err)
			select {
			case <-time.After(errorPause):
			case <-r.closing:
			}
		}
	}
}

// drain reads what the socket holds. It checks whether there is more, because waiting
// for silence ends too early on a busy machine.
func (r *Receiver) drain(in *input) {
	limit := time.Now().Add(drainMost)
	if r.conn.SetReadDeadline(limit) != nil {
		return // closed
	}
	for time.Now().Before(limit) && pending(r.conn) {
		d, err := in.next()
		if err != nil {
			return
		}
		r.received(d)
	}
}

func (r *Receiver) received(d datagram) {
	r.datagrams.Add(1)
	r.bytes.Add(int64(len(d.payload)))
	r.queue.put(d)
}

// input reads datagrams into chunks of memory, one after another.
type input struct {
	conn  *net.UDPConn
	chunk []byte
}

// next waits for a datagram, whose payload is the caller's to keep.
func (in *input) next() (datagram, error) {
	if cap(in.chunk)-len(in.chunk) < maxDatagram {
		in.chunk = make([]byte, 0, chunkBytes)
	}
	begin := len(in.chunk)
	n, from, err := in.conn.ReadFromUDPAddrPort(in.chunk[begin : begin+maxDatagram])
	if err != nil {
		return datagram{}, err
	}
	end := begin + n
	in.chunk = in.chunk[:end]
	return datagram{payload: in.chunk[begin:end:end], from: from}, nil
}

func (r *Receiver) work() {
	var batch []datagram
	for {
		batch = r.queue.take(batch[:0])
		if len(batch) == 0 {
			return
		}
		for i := range batch {
			r.handle(batch[i].payload, batch[i].from)
		}
		clear(batch)
	}
}

// Close reads what is in the socket's buffer (on Unix), has it handled, and closes the
// socket. When ctx ends before, it gives up what is left and returns an error
// with the number. All goroutines have ended when it returns. Further calls
// do nothing.
func (r *Receiver) Close(ctx context.Context) error {
	var err error
	r.stop.Do(func() { err = r.shutDown(ctx) })
	return err
}

func (r *Receiver) shutDown(ctx context.Context) error {
	close(r.closing)
	_ = r.conn.SetReadDeadline(time.Now()) // wakes the reader, which then drains
	var err error
	select {
	case <-r.ended:
	case <-ctx.Done():
		err = ctx.Err()
		r.queue.abandon()
	}
	r.finalDrops.Store(r.kernelDrops())
	closeErr := r.conn.Close()
	<-r.ended
	if err != nil {
		_, abandoned := r.queue.state()
		return fmt.Errorf("drain %s: %w with %s left", r.conn.LocalAddr(), err, plural.Of(abandoned, "datagram", "datagrams"))
	}
	if closeErr != nil {
		return fmt.Errorf("close UDP socket: %w", closeErr)
	}
	return nil
}

// Stats returns the present counters, after Close the final ones.
func (r *Receiver) Stats() loss.UDP {
	lost := r.finalDrops.Load()
	if lost == nil {
		lost = r.kernelDrops()
	}
	waiting, abandoned := r.queue.state()
	return loss.UDP{
		Datagrams:        r.datagrams.Load(),
		Bytes:            r.bytes.Load(),
		WaitingBytes:     waiting,
		SocketBuffer:     r.buffer,
		KernelDrops:      lost.n,
		KernelDropsKnown: lost.known,
		Abandoned:        abandoned,
	}
}

func (r *Receiver) kernelDrops() *drops {
	n, known := kernelDrops(r.conn)
	return &drops{n: n, known: known}
}
