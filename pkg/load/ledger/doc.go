// Package ledger accounts for the spans of a load run: made, lost on the way, and
// read back from the backend. For missing spans it names the most likely hop, with
// the evidence. Start at Open; Recorder.Add records each call, and Recorder.Close
// reads the traces back and returns the Ledger.
package ledger
