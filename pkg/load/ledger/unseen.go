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

// noAnswer is Unseen for a service that answered nothing, and may have made spans all the
// same.
const noAnswer = "no span of the called service was seen: no request was answered"

// unseen returns the sentence for a service of which no span was found; "" when one
// was, when its own counters prove that it made spans, which are missing then, or when
// no sampled request reached it.
func (f *facts) unseen() string {
	switch {
	case f.traced || !f.reader.answered && f.unanswered == 0:
		return ""
	case !f.reader.answered:
		return noAnswer
	case f.server.madeNoSpans():
		return Unseen(f.opts.Formats) + "; according to its own counters it finished none"
	}
	return Unseen(f.opts.Formats)
}
