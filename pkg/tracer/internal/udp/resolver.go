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
	// lookupPoll is the interval at which a running lookup is polled.
	lookupPoll = 5 * time.Millisecond
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
	result       chan lookup // of the running lookup, nil if there is none
	last, next   time.Time   // when to look up; next is zero for never
	failures     int         // since the last success
}

func newAddrResolver(ctx context.Context, host string, every time.Duration, r resolver) *addrResolver {
	f := &addrResolver{host: host, resolver: r, refreshEvery: every, next: time.Now()}
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

// poll starts a lookup that is due, and returns the outcome of one that is done;
// the caller must then call succeeded or failed.
func (f *addrResolver) poll(now time.Time) (lookup, bool) {
	if f.result == nil && !f.next.IsZero() && !now.Before(f.next) {
		f.start(now)
	}
	select {
	case found := <-f.result:
		f.result = nil
		if found.err == nil && len(found.addrs) == 0 {
			found.err = errors.New("the name has no address")
		}
		return found, true
	default:
		return lookup{}, false
	}
}

// start looks the name up; an address needs no lookup.
func (f *addrResolver) start(now time.Time) {
	f.last, f.result = now, make(chan lookup, 1)
	if addr, err := netip.ParseAddr(f.host); err == nil {
		f.result <- lookup{addrs: []netip.Addr{addr}}
		return
	}
	go func(result chan<- lookup) {
		ctx, cancel := context.WithTimeout(f.ctx, lookupTimeout)
		defer cancel()
		addrs, err := f.resolver.LookupNetIP(ctx, "ip", f.host)
		result <- lookup{addrs, err}
	}(f.result)
}

// due returns when poll is to be called, zero for never.
func (f *addrResolver) due(now time.Time) time.Time {
	if f.result != nil {
		return now.Add(lookupPoll)
	}
	return f.next
}

func (f *addrResolver) failed(now time.Time) {
	f.next = now.Add(min(minLookupGap<<min(f.failures, 10), maxLookupGap))
	f.failures++
}

func (f *addrResolver) succeeded(now time.Time) {
	f.failures, f.next = 0, time.Time{}
	if f.refreshEvery > 0 {
		f.next = now.Add(f.refreshEvery)
	}
}

// refreshSoon schedules a lookup because sending to the known address fails.
func (f *addrResolver) refreshSoon() {
	if soon := f.last.Add(lookupPause); soon.Before(f.next) {
		f.next = soon
	}
}

// close waits for a lookup that is running, after canceling it.
func (f *addrResolver) close() {
	f.cancel()
	if f.result != nil {
		<-f.result
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
