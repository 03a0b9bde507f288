// Package ledger keeps the account of a run's spans: made, lost on the way, and
// read back from the backend. Where the sums do not close it names the most likely
// hop, and the evidence. Start at Open; Book.Add notes each call, and Book.Close
// reads back and closes the account.
package ledger
