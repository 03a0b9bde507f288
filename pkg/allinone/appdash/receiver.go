package appdash

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
)

const (
	// maxConns bounds the connections; each takes some 8 KiB.
	maxConns = 1000
	// drainIdle is how long a connection must be silent at the end to count as
	// drained. What was sent on this machine has arrived by then.
	drainIdle = 50 * time.Millisecond
	// acceptLast is how long Close accepts connections that were made before it.
	acceptLast = 10 * time.Millisecond
	// acceptPause is the wait after a connection could not be accepted, as when there
	// are no file descriptors left.
	acceptPause = 100 * time.Millisecond
	// sweepInterval is how often spans are released that have waited too long.
	sweepInterval = time.Second
)

// Name is the receiver's name.
const Name = "appdash"

// Foreign is the reason for Appdash's packets on the port of another receiver.
const Foreign ingest.Reason = "appdash"

// Receiver receives Appdash's packets over TCP.
type Receiver struct{}

// Spec describes the receiver.
func (Receiver) Spec() ingest.Spec {
	return ingest.Spec{
		Name: Name, Network: "tcp", Port: 7701, Purpose: "receive Appdash's spans over TCP",
		Signature: &ingest.Signature{
			Reason: Foreign, Match: isPacket,
			Text: "received Appdash's packets on a port for HTTP: send them to Appdash's own port (7701)",
		},
	}
}

// Start receives until the Server is closed. The Server is an
// interface{ Stats() Stats }.
func (Receiver) Start(socket ingest.Socket, port *ingest.Port) ingest.Server {
	s := &server{listener: socket.TCP, port: port, spans: NewAssembler(port.Now, port.Accept)}
	s.closing, s.close = context.WithCancel(context.Background())
	s.cut, s.cutOff = context.WithCancel(context.Background())
	s.running.Go(s.accept)
	s.running.Go(s.sweep)
	return s
}

// server receives packets as Appdash's collector does: the length of each, then the
// packet. There is no response, so the end of a connection is the acknowledgement: once
// a client has closed its side and everything is stored, this side is closed too. In any
// other case the connection is reset, so that the client notices at once: it could go
// on writing to one that is merely closed.
type server struct {
	listener net.Listener
	port     *ingest.Port
	spans    *Assembler
	running  sync.WaitGroup
	conns    atomic.Int64
	// closing ends when Close begins, cut when it gives up.
	closing, cut  context.Context
	close, cutOff context.CancelFunc
}

// Stats returns the counters of the spans that come in parts.
func (s *server) Stats() loss.Parts { return s.spans.Stats() }

// Close stores what has been sent, and returns when every goroutine has ended. When
// ctx ends first it cuts the connections, which is an error. It is called once.
func (s *server) Close(ctx context.Context) error {
	keep := context.AfterFunc(ctx, s.cutOff)
	s.close()
	if l, ok := s.listener.(*net.TCPListener); !ok || l.SetDeadline(time.Now().Add(acceptLast)) != nil {
		_ = s.listener.Close() // ends accept at once
	}
	s.running.Wait()
	_ = s.listener.Close()
	s.spans.Flush()
	if !keep() {
		return fmt.Errorf("connections for packets were cut: %w", context.Cause(ctx))
	}
	return nil
}

func (s *server) accept() {
	for {
		conn, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			s.port.Logger.Warn("connection was not accepted", "listener", s.port.Name, "error", err)
			select {
			case <-time.After(acceptPause):
			case <-s.closing.Done():
			}
		case s.conns.Add(1) > maxConns:
			s.conns.Add(-1)
			s.port.Reject(ingest.Peer(conn), 0, &ingest.Fault{Reason: ingest.Busy, Detail: fmt.Sprintf("%d connections", maxConns)})
			reset(conn)
		default:
			s.running.Go(func() { s.serve(conn) })
		}
	}
}

func (s *server) sweep() {
	ticks := time.Tick(sweepInterval)
	for {
		select {
		case <-ticks:
			s.spans.Sweep()
		case <-s.closing.Done():
			return
		}
	}
}

// reset ends a connection so that the client's next write or read fails.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (s *server) serve(conn net.Conn) {
	defer s.conns.Add(-1)
	defer context.AfterFunc(s.closing, func() { _ = conn.SetReadDeadline(time.Now().Add(drainIdle)) })()
	defer context.AfterFunc(s.cut, func() { reset(conn) })()
	if s.read(conn) {
		_ = conn.Close()
	} else {
		reset(conn)
	}
}

// read reads packets until the client ends the connection, and reports whether it did
// and all were stored. One that cannot be decoded is skipped; without knowing where
// the next begins, or when the first is none, it ends at once.
func (s *server) read(conn net.Conn) bool {
	from := ingest.Peer(conn)
	r := bufio.NewReader(conn)
	all := true
	for first := true; ; first = false {
		if err := s.wait(conn, r); err != nil {
			return all && errors.Is(err, io.EOF)
		}
		if first {
			begin, _ := r.Peek(r.Buffered())
			if fault := notPackets(begin); fault != nil {
				s.port.Reject(from, len(begin), fault)
				return false
			}
		}
		_ = conn.SetReadDeadline(time.Now().Add(ingest.RequestTimeout))
		size, framed, err := s.packet(r)
		if err != nil {
			all = false
			s.port.Reject(from, size, err)
		}
		if !framed || first && err != nil {
			return false
		}
	}
}

// wait returns when a packet begins, and an error when none will.
func (s *server) wait(conn net.Conn, r *bufio.Reader) error {
	if r.Buffered() > 0 {
		return nil
	}
	_ = conn.SetReadDeadline(time.Time{})
	if s.closing.Err() != nil { // after the deadline was taken away, which Close may have set
		_ = conn.SetReadDeadline(time.Now().Add(drainIdle))
	}
	_, err := r.Peek(1)
	return err
}

// packet reads one packet. If it is framed the next one can be read, even if
// this one is broken.
func (s *server) packet(r *bufio.Reader) (size int, framed bool, err error) {
	length, err := binary.ReadUvarint(r)
	switch {
	case err != nil:
		return 0, false, cutShort(err)
	case length > MaxPacket:
		return 0, false, &ingest.Fault{Reason: ingest.TooLarge, Detail: fmt.Sprintf("a packet of %d bytes", length)}
	}
	size = int(length)
	source := &io.LimitedReader{R: r, N: int64(size)}
	content, err := s.port.Uploads.Take(source)
	if err != nil {
		_, skipErr := io.Copy(io.Discard, source)
		return size, skipErr == nil && source.N == 0, err
	}
	defer content.Close()
	if source.N > 0 {
		return size, false, cutShort(io.ErrUnexpectedEOF)
	}
	return size, true, s.decode(content.Bytes)
}

func (s *server) decode(content []byte) (err error) {
	release, err := s.port.Uploads.Decoder(context.Background()) // who has one, decodes and ends
	if err != nil {
		return err
	}
	defer release()
	defer ingest.Recover(&err)
	packet, err := DecodePacket(content)
	if err == nil {
		s.spans.Add(packet)
	}
	return err
}

// cutShort is the fault of a packet that is not all there.
func cutShort(err error) *ingest.Fault {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &ingest.Fault{Reason: ingest.Truncated, Detail: "the connection ended within a packet"}
	}
	return &ingest.Fault{Reason: ingest.Unreadable, Detail: err.Error()}
}
