package id_test

import (
	"strings"
	"testing"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

func TestParseTraceID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want, wantErr string
	}{
		{in: "4d2f", want: "0000000000004d2f"},
		{in: "ABCDEF", want: "0000000000abcdef"},
		{in: "00000000000000000000000000004d2f", want: "0000000000004d2f"},
		{in: "10000000000000002", want: "00000000000000010000000000000002"},
		{in: "zzz", wantErr: `strconv.ParseUint: parsing "zzz": invalid syntax`},
		{in: strings.Repeat("1", 33), wantErr: "TraceID cannot be longer than 32 hex characters: " + strings.Repeat("1", 33)},
		{in: "", wantErr: `strconv.ParseUint: parsing "": invalid syntax`},
		{in: "0x1", wantErr: `strconv.ParseUint: parsing "0x1": invalid syntax`},
	}
	for _, tt := range tests {
		got, err := id.ParseTraceID(tt.in)
		if errText(err) != tt.wantErr {
			t.Errorf("ParseTraceID(%q): error %q, want %q", tt.in, errText(err), tt.wantErr)
		} else if err == nil && got.String() != tt.want {
			t.Errorf("ParseTraceID(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Ids are written as jaeger-client-go writes them.
func TestString(t *testing.T) {
	t.Parallel()
	for _, in := range []id.TraceID{{}, {Low: 1}, {Low: 1 << 63}, {High: 1}, {High: 0xabcdef, Low: 0x123}, {High: 1 << 63, Low: ^uint64(0)}} {
		if got, want := in.String(), (jaeger.TraceID{High: in.High, Low: in.Low}).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := id.SpanID(in.Low).String(), jaeger.SpanID(in.Low).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
