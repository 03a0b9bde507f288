package ledger

import "strings"

// Unseen returns the sentence for a service that answered and of which no span was
// found. It names every cause that cannot be excluded. Formats are the propagation
// formats sent, as in the configuration; none leaves them out.
func Unseen(formats []string) string {
	sentence := "no span of the called service was seen: it is not traced, or all of its spans are lost or late, or it does not read these headers"
	if len(formats) > 0 {
		sentence += " (" + strings.Join(formats, ", ") + ")"
	}
	return sentence
}

// unseen returns the sentence for a service that answered a sampled request and of
// which no span was found; "" when one was, or when its own counters prove that it
// made spans, which are missing then.
func (f *facts) unseen() string {
	if f.traced || !f.reader.answered {
		return ""
	}
	if f.server.madeNoSpans() {
		return Unseen(f.opts.Formats) + "; according to its own counters it finished none"
	}
	return Unseen(f.opts.Formats)
}
