package allinone

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/appdash"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

const (
	// maxConns bounds the connections that packets come in on; each takes some 8 KiB.
	maxConns = 1000
	// quiet is how long nothing must come on a connection at the end until it is
	// taken to be read out. What was sent to this machine is there at once.
	quiet = 50 * time.Millisecond
	// acceptPause is the wait after a connection could not be accepted, as when there
	// are no file descriptors left.
	acceptPause = 100 * time.Millisecond
	// sweepInterval is how often spans are looked for that waited too long.
	sweepInterval = time.Second
)

// packets takes Appdash's packets over TCP, as its collector does on port 7701: the
// length of each, then the packet. Nothing is answered, so the end of a connection
// has to say it: once a client has ended its side it is ended here too, after all was
// stored. In any other case the connection is broken, for the client to notice at
// once: to one that is merely closed it could go on writing for a while.
type packets struct {
	listener net.Listener
	in       *inlet
	up       *uploads
	spans    *appdash.Assembler
	running  sync.WaitGroup
	// ended is closed when close has begun.
	ended chan struct{}

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// startPackets receives until close.
func startPackets(l net.Listener, in *inlet, up *uploads, now func() time.Time) *packets {
	p := &packets{listener: l, in: in, up: up, ended: make(chan struct{}), conns: make(map[net.Conn]struct{})}
	p.spans = appdash.NewAssembler(now, func(batch wire.Batch) { in.accept(&batch) })
	p.running.Go(p.accept)
	p.running.Go(p.sweep)
	return p
}

// close stores what has been sent, and returns when every goroutine has ended. When
// ctx ends first it cuts the connections, which the error tells. It is called once.
func (p *packets) close(ctx context.Context) error {
	if p == nil {
		return nil
	}
	keep := context.AfterFunc(ctx, func() {
		p.each(breakOff)
	})
	close(p.ended)
	err := p.listener.Close()
	p.each(func(conn net.Conn) { _ = conn.SetReadDeadline(time.Now().Add(quiet)) })
	p.running.Wait()
	p.spans.Flush()
	if !keep() {
		err = errors.Join(err, fmt.Errorf("connections for packets were cut: %w", context.Cause(ctx)))
	}
	return err
}

func (p *packets) each(do func(net.Conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		do(conn)
	}
}

func (p *packets) accept() {
	for {
		conn, err := p.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			p.in.logger.Warn("connection was not accepted", "listener", p.in.name, "error", err)
			p.pause(acceptPause)
		case !p.keep(conn):
			p.in.reject(sourceOf(conn), 0, &wire.Fault{Reason: wire.Busy, Detail: fmt.Sprintf("%d connections", maxConns)})
			breakOff(conn)
		default:
			p.running.Go(func() { p.serve(conn) })
		}
	}
}

func (p *packets) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ended:
	}
}

// keep adds a connection to those that close ends, unless there are too many.
func (p *packets) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.conns) == maxConns {
		return false
	}
	p.conns[conn] = struct{}{}
	return true
}

// sweep gives up waiting for parts that do not come.
func (p *packets) sweep() {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.spans.Sweep()
		case <-p.ended:
			return
		}
	}
}

// breakOff ends a connection so that the client's next write or read fails.
func breakOff(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (p *packets) serve(conn net.Conn) {
	if p.read(conn) {
		_ = conn.Close()
	} else {
		breakOff(conn)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// read reads packets until the client ends the connection, and reports whether it did
// and all were stored. One that cannot be decoded is skipped; without knowing where
// the next begins, or when the first is none, it ends at once.
func (p *packets) read(conn net.Conn) bool {
	from := sourceOf(conn)
	r := bufio.NewReader(conn)
	all := true
	for first := true; ; first = false {
		if err := p.wait(conn, r); err != nil {
			return all && errors.Is(err, io.EOF)
		}
		if first {
			begin, _ := r.Peek(r.Buffered())
			if fault := wire.SniffStream(begin); fault != nil {
				p.in.reject(from, len(begin), fault)
				return false
			}
		}
		_ = conn.SetReadDeadline(time.Now().Add(requestTimeout))
		size, framed, err := p.packet(r)
		if err != nil {
			all = false
			p.in.reject(from, size, err)
		}
		if !framed || first && err != nil {
			return false
		}
	}
}

// wait returns when a packet begins, and an error when none will.
func (p *packets) wait(conn net.Conn, r *bufio.Reader) error {
	if r.Buffered() > 0 {
		return nil
	}
	_ = conn.SetReadDeadline(time.Time{})
	select { // after the deadline was taken away, which may have been close's
	case <-p.ended:
		_ = conn.SetReadDeadline(time.Now().Add(quiet))
	default:
	}
	_, err := r.Peek(1)
	return err
}

// packet reads one packet. That it is framed says that the next one can be read,
// whatever is wrong with this one.
func (p *packets) packet(r *bufio.Reader) (size int, framed bool, err error) {
	length, err := binary.ReadUvarint(r)
	switch {
	case err != nil:
		return 0, false, cutShort(err)
	case length > appdash.MaxPacket:
		return 0, false, &wire.Fault{Reason: wire.TooLarge, Detail: fmt.Sprintf("a packet of %d bytes", length)}
	}
	size = int(length)
	source := &io.LimitedReader{R: r, N: int64(size)}
	content, err := p.up.bodies.take(source)
	if err != nil {
		_, skipErr := io.Copy(io.Discard, source)
		return size, skipErr == nil && source.N == 0, err
	}
	defer content.close()
	if source.N > 0 {
		return size, false, cutShort(io.ErrUnexpectedEOF)
	}
	return size, true, p.decode(content.bytes)
}

// decode hands the packet on.
func (p *packets) decode(content []byte) (err error) {
	release, err := p.up.slot(context.Background()) // who has one, decodes and ends
	if err != nil {
		return err
	}
	defer release()
	defer func() {
		if cause := recover(); cause != nil {
			err = &wire.Fault{Reason: wire.Panicked, Detail: fmt.Sprint(cause)}
		}
	}()
	packet, err := appdash.DecodePacket(content)
	if err == nil {
		p.spans.Add(packet)
	}
	return err
}

// cutShort is the fault of a packet that is not all there.
func cutShort(err error) *wire.Fault {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &wire.Fault{Reason: wire.Truncated, Detail: "the connection ended within a packet"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &wire.Fault{Reason: wire.Unreadable, Detail: "the rest of a packet did not come in time"}
	default:
		return &wire.Fault{Reason: wire.Unreadable, Detail: err.Error()}
	}
}

// sourceOf returns who is at the other end, without the port as in remote.
func sourceOf(conn net.Conn) netip.AddrPort {
	addr, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	return withoutPort(addr)
}
