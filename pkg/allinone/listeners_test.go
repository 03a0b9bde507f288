package allinone

import (
	"testing"
)

// No two receivers claim the same name, path or reason, and each says what it is for.
func TestReceiversAreDistinct(t *testing.T) {
	t.Parallel()
	owners := make(map[string]string)
	claim := func(name, what string) {
		if other, taken := owners[what]; taken {
			t.Errorf("%s and %s both have %s", other, name, what)
		}
		owners[what] = name
	}
	for _, s := range specs() {
		claim(s.Name, "name "+s.Name)
		for _, path := range s.Paths {
			claim(s.Name, "path "+path)
		}
		if s.Signature != nil {
			claim(s.Name, "reason "+string(s.Signature.Reason))
			if s.Signature.Fault().Error() == string(s.Signature.Reason) {
				t.Errorf("%s: reason %s has no text", s.Name, s.Signature.Reason)
			}
		}
		if s.Purpose == "" || s.Port == 0 || s.Network != "udp" && s.Network != "tcp" {
			t.Errorf("incomplete: %+v", s)
		}
	}
	if got := owners["path /api/traces"]; got != CollectorHTTP {
		t.Errorf("/api/traces belongs to %q, want %s", got, CollectorHTTP)
	}
}
