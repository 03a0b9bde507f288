package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/runtime"
)

// awaited has Evaluate wait for a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// Frames are the times between one frame that the page drew and the next.
type Frames []time.Duration

// Quantile returns the time that a share q of the frames took at most, 0 without
// any.
func (f Frames) Quantile(q float64) time.Duration {
	if len(f) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(f))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// Longest returns the slowest frame.
func (f Frames) Longest() time.Duration { return f.Quantile(1) }

const (
	beginFrames = `(() => {
		const seen = [];
		let last = performance.now();
		let on = true;
		const note = (now) => {
			seen.push(now - last);
			last = now;
			if (on) requestAnimationFrame(note);
		};
		requestAnimationFrame(note);
		window.endFrames = () => {
			on = false;
			return seen;
		};
	})()`
	// endFrames waits until what was done last is on the screen.
	endFrames = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.endFrames()))))`
)

// Measure does something on the page and returns its frames meanwhile.
func (t *Tab) Measure(do func() error) (Frames, error) {
	if err := t.Evaluate(beginFrames, nil); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if err := t.Evaluate(endFrames, &raw); err != nil {
		return nil, err
	}
	var millis []float64
	if err := json.Unmarshal(raw, &millis); err != nil {
		return nil, fmt.Errorf("read the times of frames: %w", err)
	}
	var frames Frames
	for _, ms := range millis {
		// The first is the time since the measurement began, not since a frame.
		frames = append(frames, time.Duration(ms*float64(time.Millisecond)))
	}
	return frames[min(1, len(frames)):], nil
}
