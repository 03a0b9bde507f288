package trace

import (
	"fmt"
	"time"
)

// FormatDuration prints d with three significant digits and the unit that fits:
// 950µs is 950us so that it stays ASCII, 1.23ms, 45.6ms, 7.89s, 12m5s.
func FormatDuration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dus", d.Microseconds())
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond)) + "ms"
	case d < time.Minute:
		return digits(d.Seconds()) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

func digits(f float64) string {
	switch {
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}
