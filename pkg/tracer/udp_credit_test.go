package tracer

import (
	"net"
	"testing"
	"time"
)

// shared is a socket to an agent that does not read, and another sender to it.
type shared struct {
	agent  *net.UDPConn
	ours   *socket
	others net.Conn
	size   int
	sent   int
}

func newShared(t *testing.T) *shared {
	t.Helper()
	s := &shared{agent: deafAgent(t), size: 1000}
	var err error
	if s.ours, err = openSocket(t.Context(), s.agent.LocalAddr().(*net.UDPAddr).AddrPort()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.ours.close() })
	if s.ours.flow.room == nil {
		t.Fatal("the kernel cannot be asked")
	}
	var d net.Dialer
	if s.others, err = d.DialContext(t.Context(), "udp", s.agent.LocalAddr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.others.Close() })
	return s
}

// room asks the kernel.
func (s *shared) room(t *testing.T) (used, most int) {
	t.Helper()
	used, most, ok := s.ours.flow.room.ask()
	if !ok {
		t.Fatal("the kernel does not answer")
	}
	return used, most
}

// othersFill has the other sender fill the buffer up to a part of it.
func (s *shared) othersFill(t *testing.T, part float64) {
	t.Helper()
	for used, most := s.room(t); float64(used+bufferSize(s.size)) < part*float64(most); used, _ = s.room(t) {
		if _, err := s.others.Write(make([]byte, s.size)); err != nil {
			t.Fatal(err)
		}
		s.sent++
	}
}

// send sends as long as the flow lets it.
func (s *shared) send(t *testing.T, now time.Time) {
	t.Helper()
	for range 1000 {
		if s.ours.flow.pause(s.size, now) != 0 {
			return
		}
		if err := s.ours.write(1, make([]byte, s.size)); err != nil {
			t.Fatal(err)
		}
		s.sent++
	}
	t.Fatal("the flow lets everything through")
}

// received returns how many datagrams the agent finds in its buffer.
func (s *shared) received(t *testing.T) int {
	t.Helper()
	got := 0
	buf := make([]byte, 1<<16)
	for used, _ := s.room(t); used > 0; used, _ = s.room(t) {
		if _, err := s.agent.Read(buf); err != nil {
			t.Fatal(err)
		}
		got++
	}
	return got
}

// Half of the room is left to others, who may fill it at once and lose nothing by us.
func TestHalfOfTheRoomIsLeftToOthers(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	now := time.Now()
	if pause := s.ours.flow.pause(s.size, now); pause != 0 {
		t.Fatalf("an empty buffer: got a pause of %v", pause)
	}
	if err := s.ours.write(1, make([]byte, s.size)); err != nil {
		t.Fatal(err)
	}
	s.sent++
	s.othersFill(t, 0.5)
	s.send(t, now)
	if got := s.received(t); got != s.sent {
		t.Errorf("%d of %d datagrams came, want all", got, s.sent)
	}
}

// What the kernel said is relied on for a moment only: others may have filled the
// buffer since.
func TestRoomIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	now := time.Now()
	if pause := s.ours.flow.pause(s.size, now); pause != 0 {
		t.Fatalf("an empty buffer: got a pause of %v", pause)
	}
	s.othersFill(t, 1)
	// Written out, since a longer life of the answer is what must not go unnoticed.
	if pause := s.ours.flow.pause(s.size, now.Add(5*time.Millisecond)); pause != 0 {
		t.Errorf("at once: got a pause of %v, want the answer to be relied on", pause)
	}
	if pause := s.ours.flow.pause(s.size, now.Add(5*time.Millisecond+1)); pause != roomPoll {
		t.Errorf("5 ms later, with a full buffer: got a pause of %v, want %v", pause, roomPoll)
	}
}
