package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLine bounds a line of a results file; a ledger is the longest.
const maxLine = 1 << 20

// Ending is what a results file has after its results.
type Ending struct {
	// Outcome is zero when the file was cut off before it.
	Outcome Outcome `json:"-"`
	// Ledger is the ledger's JSON; nil if there is none.
	Ledger json.RawMessage `json:"ledger"`
	// Cut is a phrase for what is missing at the end; "" when the file is complete.
	Cut string `json:"-"`
}

// ReadResults reads the file of a ResultsWriter: what was run, each result in its order,
// and what follows them. It is strict, and its errors have name and the number of the
// line; but a file that ends early is that of a run that was killed, and is read as far
// as it goes.
func ReadResults(r io.Reader, name string, each func(Result)) (RunInfo, Ending, error) {
	f := &resultsReader{name: name, file: bufio.NewReaderSize(r, maxLine)}
	err := f.head()
	if err == nil {
		err = f.rest(each)
	}
	return f.info, f.ending, err
}

type resultsReader struct {
	name   string
	file   *bufio.Reader
	number int // of the current line
	info   RunInfo
	ended  bool
	ending Ending
}

func (f *resultsReader) head() error {
	line, err := f.line()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: no results: the file is empty", f.name)
	case err != nil:
		return err
	}
	var head struct {
		Type          string `json:"type"`
		SchemaVersion int    `json:"schema_version"`
		RunInfo
	}
	err = json.Unmarshal(line, &head)
	switch {
	case head.Type != runLine:
		return f.errorf(`no results of "otdemo call": the first line must be of type %q`, runLine)
	case head.SchemaVersion != SchemaVersion:
		return f.errorf("schema_version must be %d, got %d", SchemaVersion, head.SchemaVersion)
	case err != nil:
		return f.errorf("%w", err)
	}
	f.info = head.RunInfo
	return nil
}

func (f *resultsReader) rest(each func(Result)) error {
	for {
		line, err := f.line()
		switch {
		case errors.Is(err, io.EOF):
			f.finish()
			return nil
		case err != nil:
			return err
		}
		var in resultJSON
		err = json.Unmarshal(line, &in)
		switch {
		case err != nil && !bytes.HasSuffix(line, []byte{'\n'}):
			f.ending.Cut = fmt.Sprintf("line %d is incomplete", f.number)
			return nil
		case err != nil:
			return f.errorf("%w", err)
		case in.Type != resultLine || f.ended:
			err = f.last(in.Type, line)
		default:
			err = f.result(&in, each)
		}
		if err != nil {
			return err
		}
	}
}

// finish records what a file that ends here lacks.
func (f *resultsReader) finish() {
	switch {
	case f.ending.Cut != "":
	case !f.ended:
		f.ending.Cut = "the run was killed or is not finished: its end is missing"
	case f.info.Verify && f.ending.Ledger == nil:
		f.ending.Cut = "the ledger was not closed"
	}
}

// last reads a line that follows the results.
func (f *resultsReader) last(kind string, line []byte) error {
	var into any
	switch {
	case kind == endLine && !f.ended:
		f.ended, into = true, &f.ending.Outcome
	case kind == ledgerLine && f.ended && f.ending.Ledger == nil:
		into = &f.ending
	case kind == runLine, kind == resultLine, kind == endLine, kind == ledgerLine:
		return f.errorf("unexpected line of type %q", kind)
	default:
		return f.errorf("unknown type %q", kind)
	}
	if err := json.Unmarshal(line, into); err != nil {
		return f.errorf("%w", err)
	}
	return nil
}

// resultJSON is a result's line; see appendResult.
type resultJSON struct {
	Type string `json:"type"`
	Result
	At      Millis `json:"at_ms"`
	Delay   Millis `json:"delay_ms"`
	Latency Millis `json:"latency_ms"`
}

func (f *resultsReader) result(in *resultJSON, each func(Result)) error {
	r := in.Result
	r.Start = f.info.Start.Add(time.Duration(in.At))
	r.Delay, r.Latency = time.Duration(in.Delay), time.Duration(in.Latency)
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"seq", r.Seq},
		{"delay_ms", int64(r.Delay)},
		{"latency_ms", int64(r.Latency)},
		{"status", int64(r.Status)},
		{"hops", int64(r.Hops)},
		{"answered", int64(r.Answered)},
		{"bytes", r.Bytes},
		{"spans", int64(r.SpansMade)},
	} {
		if n.value < 0 {
			return f.errorf("%s must not be negative", n.name)
		}
	}
	each(r)
	return nil
}

// line returns the next line, which is valid until the next call, or io.EOF. It has its
// newline, without which it is incomplete.
func (f *resultsReader) line() ([]byte, error) {
	line, err := f.file.ReadSlice('\n')
	switch {
	case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
		f.number++
		return line, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, bufio.ErrBufferFull):
		f.number++
		return nil, f.errorf("the line is longer than %d bytes", maxLine)
	default:
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
}

func (f *resultsReader) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.name, f.number, fmt.Errorf(format, args...))
}
