package thrift

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/opentracing/opentracing-go/ext"
)

// Types with the methods that fmt looks for, and without.
type (
	stringer  struct{ s string }
	pointed   struct{ s string }
	formatted struct{ s string }
	panicking struct{ s string }
	named     string
	number    int
)

func (s stringer) String() string                  { return "stringer " + s.s }
func (p *pointed) String() string                  { return "pointed " + p.s }
func (f formatted) Format(state fmt.State, _ rune) { fmt.Fprint(state, "formatted ", f.s) }
func (p panicking) String() string                 { panic(p.s) }

// values are values of tags, one of each kind that the encoder may meet.
func values(s string, n uint64, f float64) []any {
	var (
		noBytes   []byte
		noPointer *pointed
		noError   error
	)
	return []any{
		s, []byte(s), noBytes,
		[]byte{},
		n%2 == 0,
		int(n), int8(n), int16(n), int32(n), int64(n),
		uint(n), uint8(n), uint16(n), uint32(n), n,
		float32(f), f, ext.SpanKindRPCServerEnum, ext.SpanKindEnum(s),
		nil, noPointer, noError, &pointed{s},
		pointed{s},
		stringer{s},
		formatted{s},
		panicking{s},
		errors.New(s), fmt.Errorf("wrapped: %w", errors.New(s)), named(s), number(n),
		time.Duration(n), time.Unix(int64(n), 0).UTC(),
		url.URL{Host: "shop", Path: s},
		struct {
			A string
			b *int
		}{A: s},
		[]string{s, s},
		[]any{s, n},
		map[string]float64{s: f, "a": 1},
		uintptr(n), complex(f, f),
		[3]byte{1, 2, 3},
	}
}
