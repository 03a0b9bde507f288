package store

import (
	"hash/maphash"
	"strconv"

	"github.com/otdemo/otdemo/pkg/trace"
)

// bloomFilter is a Bloom filter over the operations and tags of a trace's spans of one
// service: what it does not cover, none of them has. It is small enough to stand
// beside each trace in a list, so that a search passes over the traces that
// cannot match without looking at their spans. Of traces with some 25 different
// tags it looks at a few in a hundred by mistake, of those with thousands at all.
type bloomFilter [4]uint64

// add sets three bits of 256, which sum chooses.
func (m *bloomFilter) add(sum uint64) {
	for range 3 {
		m[sum>>6&3] |= 1 << (sum & 63)
		sum >>= 8
	}
}

func (m *bloomFilter) merge(other *bloomFilter) {
	for i := range m {
		m[i] |= other[i]
	}
}

func (m *bloomFilter) covers(other *bloomFilter) bool {
	var missing uint64
	for i := range m {
		missing |= other[i] &^ m[i]
	}
	return missing == 0
}

// filterMaker makes Bloom filters. It remembers that of the last process, which the spans of
// a batch share. The zero value lacks a seed.
type filterMaker struct {
	seed          maphash.Seed
	process       *trace.Process
	processFilter bloomFilter
}

// spans returns the filter of all that one of the spans, which share a process, can
// be searched by.
func (m *filterMaker) spans(spans []trace.Span) bloomFilter {
	if process := spans[0].Process; process != m.process {
		m.process, m.processFilter = process, bloomFilter{}
		m.tags(&m.processFilter, process.Tags)
	}
	out := m.processFilter
	for i := range spans {
		span := &spans[i]
		if i == 0 || span.Operation != spans[i-1].Operation {
			out.add(m.operation(span.Operation))
		}
		m.tags(&out, span.Tags)
		for j := range span.Logs {
			m.tags(&out, span.Logs[j].Fields)
		}
	}
	return out
}

// query returns the filter that a trace must cover to meet q.
func (m *filterMaker) query(q *Query) bloomFilter {
	var out bloomFilter
	if q.Operation != "" {
		out.add(m.operation(q.Operation))
	}
	for key, value := range q.Tags {
		out.add(m.pair(key, maphash.String(m.seed, value)))
	}
	return out
}

func (m *filterMaker) operation(name string) uint64 { return m.pair("", maphash.String(m.seed, name)) }

func (m *filterMaker) tags(out *bloomFilter, tags []trace.Tag) {
	for i := range tags {
		out.add(m.pair(tags[i].Key, m.value(tags[i].Value)))
	}
}

// value hashes a value's text, which is what searches compare. Integers are the
// common values that would have to be allocated as text.
func (m *filterMaker) value(v trace.Value) uint64 {
	if v.Kind() != trace.KindInt64 {
		return maphash.String(m.seed, v.String())
	}
	var text [20]byte
	return maphash.Bytes(m.seed, strconv.AppendInt(text[:0], v.Int64(), 10))
}

// pair mixes the hashes of a key and a value, such that every bit of both counts.
func (m *filterMaker) pair(key string, value uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15
	sum := (maphash.String(m.seed, key) ^ value*odd) * odd
	return sum ^ sum>>32
}
