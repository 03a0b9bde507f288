package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/otdemo/otdemo/internal/hint"
)

func TestOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("service must not be empty")
	err := fmt.Errorf("loading: %w", errors.Join(errors.New("other"), hint.New(cause, "name it: --service NAME")))
	if got, want := hint.Of(err), "name it: --service NAME"; got != want {
		t.Errorf("got hint %q, want %q", got, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the hinted error hides its cause")
	}
	if got, want := hint.New(cause, "x").Error(), cause.Error(); got != want {
		t.Errorf("got text %q, want %q", got, want)
	}
	if got := hint.Of(cause); got != "" {
		t.Errorf("got hint %q of an error without one", got)
	}
	if got := hint.Of(nil); got != "" {
		t.Errorf("got hint %q of nil", got)
	}
}
