package doctor

import (
	"slices"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
)

func TestGenerations(t *testing.T) {
	t.Parallel()
	three, two := []int{5775, 6831, 6832}, []int{6831, 6832}
	tests := []struct {
		text              string
		udp               []int
		otlp, sampling    bool
		loopback, numeric bool
	}{
		{"v1.6.0", three, false, true, false, false},
		{"v1.42.0", three, false, true, false, false},
		{"v1.46.0", three, true, true, false, false},
		{"v1.62.0", three, true, true, false, false},
		{"v1.63.0", nil, true, false, false, false},
		{"v1.76.0", nil, true, false, false, false},
		{"v2.0.0", two, true, true, true, true},
		{"v2.1.0", nil, true, true, true, true},
		{"v2.2.0", two, true, true, true, true},
		{"2.13.0", two, true, true, true, true},
		{"v2.15.1", two, true, true, true, true},
		{"v2.16.0", two, true, true, true, false},
		{"v2.20.0-rc1", two, true, true, true, false},
	}
	for _, tt := range tests {
		v, ok := jaegers.ParseVersion(tt.text)
		if !ok {
			t.Errorf("%s is no version", tt.text)
			continue
		}
		g, ok := v.Generation()
		if !ok {
			t.Errorf("%s is of no generation", tt.text)
		}
		if !slices.Equal(g.UDP, tt.udp) {
			t.Errorf("%s takes udp %v, want %v", tt.text, g.UDP, tt.udp)
		}
		if got := slices.Contains(g.TCP, 4318); got != tt.otlp {
			t.Errorf("%s has OTLP: got %t, want %t", tt.text, got, tt.otlp)
		}
		if got := slices.Contains(g.TCP, 5778); got != tt.sampling {
			t.Errorf("%s has sampling at 5778: got %t, want %t", tt.text, got, tt.sampling)
		}
		if g.Loopback != tt.loopback || g.NumericStrategy != tt.numeric || g.CollectorSampling != (v.Major == 1) {
			t.Errorf("%s: got %+v", tt.text, g)
		}
	}
	if _, ok := (jaegers.Version{}).Generation(); ok {
		t.Error("no version is of a generation")
	}
}

// What is concluded from an identity must hold for each Jaeger that it may be.
func TestIdentityConcludesNoMoreThanItKnows(t *testing.T) {
	t.Parallel()
	of := func(text string) identity.Identity {
		v, _ := jaegers.ParseVersion(text)
		return identity.Identity{Major: v.Major, Version: v, Text: text}
	}
	tests := map[string]struct {
		who  identity.Identity
		port int
		// all: surely has no such port; may: may have none.
		all, may bool
	}{
		"1.62 has 6831":                 {of("v1.62.0"), 6831, false, false},
		"1.63 has none":                 {of("v1.63.0"), 6831, true, true},
		"some Jaeger 1":                 {identity.Identity{Major: 1}, 6831, false, true},
		"some Jaeger 2":                 {identity.Identity{Major: 2}, 6831, false, true},
		"some Jaeger 2, the old port":   {identity.Identity{Major: 2}, 5775, true, true},
		"2.1":                           {of("v2.1.0"), 6832, true, true},
		"nothing known":                 {identity.Identity{}, 5775, false, true},
		"otdemo's own, of no Jaeger":    {identity.Identity{Embedded: true}, 5775, false, false},
		"2.13 has none of the old port": {of("v2.13.0"), 5775, true, true},
	}
	for name, tt := range tests {
		if got := tt.who.All(identity.LacksUDP(tt.port)); got != tt.all {
			t.Errorf("%s: surely lacks %d: got %t, want %t", name, tt.port, got, tt.all)
		}
		if got := tt.who.May(identity.LacksUDP(tt.port)); got != tt.may {
			t.Errorf("%s: may lack %d: got %t, want %t", name, tt.port, got, tt.may)
		}
	}
}

func TestIdentityRunsOn(t *testing.T) {
	t.Parallel()
	who := identity.Identity{Major: 2, Host: "localhost"}
	if !who.RunsOn("127.0.0.1") || !who.RunsOn("localhost") || who.RunsOn("jaeger") {
		t.Errorf("%+v: want it on localhost and 127.0.0.1 only", who)
	}
	if (identity.Identity{Host: "jaeger"}).RunsOn("jaeger") {
		t.Error("an unknown Jaeger runs nowhere")
	}
}
