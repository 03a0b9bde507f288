package store

import (
	"hash/maphash"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// processTable keeps each distinct process once. Every batch of a client brings
// the same one along, which would else be a large part of the memory.
type processTable struct {
	seed   maphash.Seed
	byHash map[uint64][]*process
}

// process is a stored process and how many traces hold it.
type process struct {
	*trace.Process
	hash   uint64
	traces int
	bytes  int64
}

func newProcessTable() processTable {
	return processTable{seed: maphash.MakeSeed(), byHash: make(map[uint64][]*process)}
}

// hasher returns a function that hashes processes, and remembers the last one
// because the spans of a batch share theirs. It needs no lock.
func (t *processTable) hasher() func(*trace.Process) uint64 {
	var last *trace.Process
	var sum uint64
	return func(p *trace.Process) uint64 {
		if p == last {
			return sum
		}
		var h maphash.Hash
		h.SetSeed(t.seed)
		maphash.WriteComparable(&h, p.Service)
		for i := range p.Tags {
			maphash.WriteComparable(&h, p.Tags[i])
		}
		last, sum = p, h.Sum64()
		return sum
	}
}

// find returns the stored process equal to p, or nil.
func (t *processTable) find(p *trace.Process, hash uint64) *process {
	for _, known := range t.byHash[hash] {
		if equal(known.Process, p) {
			return known
		}
	}
	return nil
}

// add stores a process that find does not find, for no trace yet, and returns the
// bytes that this took.
func (t *processTable) add(p *trace.Process, hash uint64) (*process, int64) {
	n := processBytes + allocated(int64(len(p.Service))) + tagsBytes(p.Tags)
	added := &process{Process: p, hash: hash, bytes: n}
	t.byHash[hash] = append(t.byHash[hash], added)
	return added, n
}

// release gives up a process for one trace and returns the bytes that are free.
func (t *processTable) release(p *process) int64 {
	p.traces--
	if p.traces > 0 {
		return 0
	}
	rest := slices.DeleteFunc(t.byHash[p.hash], func(other *process) bool { return other == p })
	if len(rest) == 0 {
		delete(t.byHash, p.hash)
	} else {
		t.byHash[p.hash] = rest
	}
	return p.bytes
}

// equal reports whether two processes are equal; values compare bit by bit.
func equal(a, b *trace.Process) bool {
	return a == b || a.Service == b.Service && slices.Equal(a.Tags, b.Tags)
}
