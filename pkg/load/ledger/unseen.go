package ledger

import (
	"strings"
)

// Unseen returns the sentence on a service that answered and of which no span was
// seen. It names every cause that cannot be told from the others here. Formats are
// the header formats sent, as in the configuration; none leaves them out.
func Unseen(formats []string) string {
	sentence := "no span of the called service was seen: it is not traced, or all of its spans are lost or late, or it does not read these headers"
	if len(formats) > 0 {
		sentence += " (" + strings.Join(formats, ", ") + ")"
	}
	return sentence
}

// unseen returns what is to be said of a service that answered a sampled request
// and of which no span was seen; "" when one was, or when its own counters prove
// that it made spans, so that they are missing.
func (f *facts) unseen() string {
	if f.traced || !f.read.answered {
		return ""
	}
	if f.server.silent() {
		return Unseen(f.opts.Formats) + "; its own counters say that it finished none"
	}
	return Unseen(f.opts.Formats)
}
