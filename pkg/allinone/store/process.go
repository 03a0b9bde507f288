package store

import (
	"hash/maphash"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// processTable keeps each distinct process once. Every batch of a client brings
// the same one along, which would else be a large part of the memory.
type processTable struct {
	seed maphash.Seed
	// byHash finds processes. Of two with the same hash it has the later one.
	byHash map[uint64]*process
	// last is the process that was hashed last, because the spans of a batch share theirs.
	last     *trace.Process
	lastHash uint64
}

type process struct {
	*trace.Process
	hash  uint64
	holds int
	bytes int64
}

func newProcessTable() processTable {
	return processTable{seed: maphash.MakeSeed(), byHash: make(map[uint64]*process)}
}

func (t *processTable) hash(p *trace.Process) uint64 {
	if p != t.last {
		var h maphash.Hash
		h.SetSeed(t.seed)
		maphash.WriteComparable(&h, p.Service)
		for i := range p.Tags {
			maphash.WriteComparable(&h, p.Tags[i])
		}
		t.last, t.lastHash = p, h.Sum64()
	}
	return t.lastHash
}

// get returns the stored process that equals p, and the bytes that it takes if it had
// to be added.
func (t *processTable) get(p *trace.Process) (known *process, added int64) {
	hash := t.hash(p)
	known = t.byHash[hash]
	if known != nil && (known.Process == p || known.Service == p.Service && slices.Equal(known.Tags, p.Tags)) {
		return known, 0
	}
	known = &process{Process: p, hash: hash, bytes: processBytes + allocated(int64(len(p.Service))) + tagsBytes(p.Tags)}
	t.byHash[hash] = known
	return known, known.bytes
}

// release gives up one hold of a process and returns the bytes that are free.
func (t *processTable) release(p *process) int64 {
	p.holds--
	if p.holds > 0 {
		return 0
	}
	if t.byHash[p.hash] == p {
		delete(t.byHash, p.hash)
	}
	return p.bytes
}
