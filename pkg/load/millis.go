package load

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Millis is a time.Duration that is a number of milliseconds in JSON, exact to the
// nanosecond.
type Millis time.Duration

// String returns three significant digits, as trace.FormatDuration.
func (m Millis) String() string { return trace.FormatDuration(time.Duration(m)) }

func (m Millis) float() float64 { return float64(m) / float64(time.Millisecond) }

// MarshalJSON implements json.Marshaler.
func (m Millis) MarshalJSON() ([]byte, error) { return json.Marshal(m.float()) }

// UnmarshalJSON implements json.Unmarshaler.
func (m *Millis) UnmarshalJSON(data []byte) error {
	ms, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return fmt.Errorf("milliseconds: %w", err)
	}
	*m = Millis(math.Round(ms * float64(time.Millisecond)))
	return nil
}
