package pb

import "errors"

// Allowance is the memory, in bytes, that the parts of a message may still take
// when they are decoded. Parts without anything in them take 2 bytes on the wire
// and up to hundreds in memory, so that a message has to earn its parts.
type Allowance int

// NewAllowance gives a message ten times its size. Real ones take up to five.
func NewAllowance(message []byte) Allowance { return Allowance(10*len(message) + 4096) }

var errHollow = errors.New("there are far more parts than bytes to fill them")

// Spend subtracts the memory of n parts of a size.
func (a *Allowance) Spend(n int, size uintptr) error {
	if *a -= Allowance(n) * Allowance(size); *a < 0 {
		return errHollow
	}
	return nil
}
