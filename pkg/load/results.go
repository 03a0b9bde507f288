package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/printable"
)

// SchemaVersion is the version of a results file's format: fields are added, never
// renamed.
const SchemaVersion = 1

// The types of a results file's lines, in the order in which they come.
const (
	runLine    = "run"
	resultLine = "result"
	endLine    = "end"
	ledgerLine = "ledger"
)

// resultsBuffer holds some 400 results.
const resultsBuffer = 64 << 10

// resultsInterval bounds how much of a run is lost if the process is killed: at a low
// rate the buffer would not fill for minutes.
const resultsInterval = time.Second

// ResultsWriter writes a results file: a line of JSON for the run, one for each
// result, and at the end one for the outcome and one for the ledger. Its methods may
// be called from any goroutine.
type ResultsWriter struct {
	mu    sync.Mutex
	w     *bufio.Writer
	start time.Time
	line  []byte
}

// NewResultsWriter begins a results file on w, which it writes to in blocks.
func NewResultsWriter(w io.Writer, info RunInfo) (*ResultsWriter, error) {
	f := &ResultsWriter{w: bufio.NewWriterSize(w, resultsBuffer), start: info.Start}
	err := f.write(struct {
		Type          string `json:"type"`
		SchemaVersion int    `json:"schema_version"`
		RunInfo
	}{runLine, SchemaVersion, info})
	return f, err
}

// Add writes a result. An error is returned by the next End, Ledger or Flush.
func (f *ResultsWriter) Add(r Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.line = appendResult(f.line[:0], &r, f.start)
	_, _ = f.w.Write(f.line) // the buffer keeps the error
}

// End writes the outcome of the run, and flushes.
func (f *ResultsWriter) End(o Outcome) error {
	return f.writeLast(struct {
		Type string `json:"type"`
		Outcome
	}{endLine, o})
}

// Ledger writes the ledger in its own JSON, and flushes. It is called after End.
func (f *ResultsWriter) Ledger(account any) error {
	return f.writeLast(struct {
		Type   string `json:"type"`
		Ledger any    `json:"ledger"`
	}{ledgerLine, account})
}

func (f *ResultsWriter) writeLast(line any) error {
	if err := f.write(line); err != nil {
		return err
	}
	return f.Flush()
}

// KeepFlushed flushes every second, and at once when ctx ends, until the function
// that it returns is called. An error is returned by the next End, Ledger or Flush.
func (f *ResultsWriter) KeepFlushed(ctx context.Context) (stop func()) {
	stopped := make(chan struct{})
	var flushing sync.WaitGroup
	flushing.Go(func() {
		ticker := time.NewTicker(resultsInterval)
		defer ticker.Stop()
		ended := ctx.Done()
		for {
			select {
			case <-stopped:
				return
			case <-ended:
				ended = nil // flushed once; what comes after it waits for the ticker
			case <-ticker.C:
			}
			_ = f.Flush() // the buffer keeps the error
		}
	})
	return func() {
		close(stopped)
		flushing.Wait()
	}
}

// Flush writes what is buffered. After an error nothing more is written.
func (f *ResultsWriter) Flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.w.Flush(); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

func (f *ResultsWriter) write(line any) error {
	data, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.w.Write(append(printable.JSON(data), '\n')); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

// appendResult appends the line of r to b. It does not use encoding/json because
// it runs for each call of a run; resultJSON reads the line.
func appendResult(b []byte, r *Result, start time.Time) []byte {
	b = append(b, `{"type":"result","seq":`...)
	b = strconv.AppendInt(b, r.Seq, 10)
	b = appendMillis(b, "at_ms", r.Start.Sub(start))
	if r.Delay != 0 {
		b = appendMillis(b, "delay_ms", r.Delay)
	}
	b = appendMillis(b, "latency_ms", r.Latency)
	b = appendNumber(b, "status", int64(r.Status))
	b = appendNumber(b, "hops", int64(r.Hops))
	b = appendNumber(b, "answered", int64(r.Answered))
	b = appendNumber(b, "bytes", r.Bytes)
	b = appendNumber(b, "spans", int64(r.SpansMade))
	if !r.TraceID.IsZero() {
		b = strconv.AppendQuote(appendKey(b, "trace_id"), r.TraceID.String())
	}
	if r.Sampled {
		b = append(b, `,"sampled":true`...)
	}
	if r.Warmup {
		b = append(b, `,"warmup":true`...)
	}
	b = appendText(b, "kind", string(r.Kind))
	b = appendText(b, "error", r.Err)
	return append(b, "}\n"...)
}

func appendKey(b []byte, name string) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	return append(b, `":`...)
}

func appendMillis(b []byte, name string, d time.Duration) []byte {
	return strconv.AppendFloat(appendKey(b, name), Millis(d).float(), 'f', -1, 64)
}

// appendNumber appends a field unless it is 0.
func appendNumber(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(appendKey(b, name), n, 10)
}

// appendText appends a field unless it is "".
func appendText(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	quoted, _ := json.Marshal(s) // a string can always be
	return append(appendKey(b, name), printable.JSON(quoted)...)
}
