package udp

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"
)

// Limits of looking the agent's name up.
const (
	// lookupTimeout bounds one lookup; resolvers give up by then as well.
	lookupTimeout = 5 * time.Second
	// A name that does not resolve is tried again at growing intervals: soon,
	// because containers often start before their names are known.
	minLookupGap = 100 * time.Millisecond
	maxLookupGap = 10 * time.Second
	// lookupPause is the least time between lookups after errors.
	lookupPause = time.Second
)

// resolver is the part of net.Resolver that is used.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// lookup is the outcome of looking a name up.
type lookup struct {
	addrs []netip.Addr
	err   error
}

// addrResolver looks the agent's name up beside the transport's work, one lookup at a
// time. All but its goroutine is used from one goroutine.
type addrResolver struct {
	host     string
	resolver resolver
	// refreshEvery is the time after which a found name is looked up again, 0 for never.
	refreshEvery time.Duration
	ctx          context.Context
	cancel       context.CancelFunc
	results      chan lookup
	wakeup       chan struct{}
	running      bool
	// next is when to look up, zero for never.
	next     time.Time
	last     time.Time
	backoff  time.Duration
	failures int
	literal  netip.Addr // the host, if it is an address that needs no lookup
}

func newAddrResolver(ctx context.Context, host string, every time.Duration, r resolver) *addrResolver {
	f := &addrResolver{
		host:         host,
		resolver:     r,
		refreshEvery: every,
		results:      make(chan lookup, 1),
		wakeup:       make(chan struct{}, 1),
		next:         time.Now(),
	}
	f.ctx, f.cancel = context.WithCancel(ctx)
	f.literal, _ = netip.ParseAddr(host)
	return f
}

// poll starts a lookup that is due, and returns the outcome of one that is done.
func (f *addrResolver) poll(now time.Time) (lookup, bool) {
	if !f.running && !f.next.IsZero() && !now.Before(f.next) {
		f.start(now)
	}
	if !f.running {
		return lookup{}, false
	}
	select {
	case found := <-f.results:
		f.running = false
		if found.err == nil && len(found.addrs) == 0 {
			found.err = errors.New("the name has no address")
		}
		f.schedule(now)
		return found, true
	default:
		return lookup{}, false
	}
}

func (f *addrResolver) start(now time.Time) {
	f.running, f.last = true, now
	if f.literal.IsValid() {
		f.results <- lookup{addrs: []netip.Addr{f.literal}}
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(f.ctx, lookupTimeout)
		defer cancel()
		addrs, err := f.resolver.LookupNetIP(ctx, "ip", f.host)
		f.results <- lookup{addrs: addrs, err: err}
		select {
		case f.wakeup <- struct{}{}:
		default: // an earlier signal has not been taken yet, which does as well
		}
	}()
}

// schedule sets the time of the next lookup as if this one succeeded.
func (f *addrResolver) schedule(now time.Time) {
	f.next = time.Time{}
	if f.refreshEvery > 0 && !f.literal.IsValid() {
		f.next = now.Add(f.refreshEvery)
	}
}

// failed records that the last lookup gave no usable address.
func (f *addrResolver) failed(now time.Time) {
	f.failures++
	f.backoff = min(max(2*f.backoff, minLookupGap), maxLookupGap)
	f.next = now.Add(f.backoff)
}

// succeeded records that it did.
func (f *addrResolver) succeeded() { f.backoff = 0 }

// refreshSoon schedules a lookup because sending to the known address fails.
func (f *addrResolver) refreshSoon() {
	if f.next.IsZero() {
		return
	}
	if soon := f.last.Add(lookupPause); soon.Before(f.next) {
		f.next = soon
	}
}

// close waits for a lookup that is running, after cancelling it.
func (f *addrResolver) close() {
	f.cancel()
	if f.running {
		<-f.results
		f.running = false
	}
}

// choose returns the address to use: the current one as long as the name still
// resolves to it, else the first IPv4 address, since some Jaegers listen on 127.0.0.1
// alone while localhost has ::1 as well.
func choose(addrs []netip.Addr, current netip.Addr) netip.Addr {
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	if slices.Contains(addrs, current) {
		return current
	}
	if i := slices.IndexFunc(addrs, netip.Addr.Is4); i >= 0 {
		return addrs[i]
	}
	return addrs[0]
}
