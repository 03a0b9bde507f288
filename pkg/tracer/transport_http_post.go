package tracer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Time limits of posting a batch.
const (
	// httpTimeout bounds one request, as jaeger-client-go's does.
	httpTimeout = 5 * time.Second
	// httpPatience is how long a batch is tried, long enough for a collector to
	// restart. Nothing is gained by less: the spans behind it wait in the queue.
	httpPatience = 30 * time.Second
	// The pauses between tries double between these.
	minRetryGap = 100 * time.Millisecond
	maxRetryGap = 2 * time.Second
	// maxRetryAfter is the longest pause that a collector may ask for.
	maxRetryAfter = 10 * time.Second
	// closingTries is how often a batch is tried again once the tracer is being
	// closed.
	closingTries = 2
)

// bodyStart is how much of an error's body is kept for the log.
const bodyStart = 512

// postError says why a batch was not accepted.
type postError struct {
	reason string
	body   string // its start
	cause  error
	// again says that another try may pass, after at least the pause.
	again bool
	pause time.Duration
}

func (e *postError) Error() string {
	s := e.reason
	if e.body != "" {
		s += fmt.Sprintf(": %q", e.body)
	}
	return s
}

func (e *postError) Unwrap() error { return e.cause }

// post delivers a body, trying again as long as that has a point.
func (t *httpTransport) post(body []byte) error {
	start := time.Now()
	gap := minRetryGap
	late := 0 // failures since the tracer is being closed
	for {
		err := t.try(body)
		if err == nil || !err.again || t.life.Err() != nil {
			return asError(err)
		}
		if t.isClosing() {
			if late++; t.down || late > closingTries {
				return err
			}
			gap = min(gap, time.Duration(late)*minRetryGap)
		} else if time.Since(start) > t.patience {
			return err
		}
		t.pause(max(gap, err.pause))
		gap = min(2*gap, maxRetryGap)
	}
}

// asError keeps a nil *postError from becoming an error that is not nil.
func asError(err *postError) error {
	if err == nil {
		return nil
	}
	return err
}

func (t *httpTransport) isClosing() bool {
	select {
	case <-t.closing:
		return true
	default:
		return false
	}
}

// pause waits. A Close that comes meanwhile ends the wait.
func (t *httpTransport) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	closing := t.closing
	if t.isClosing() {
		closing = nil
	}
	select {
	case <-timer.C:
	case <-closing:
	case <-t.life.Done():
	}
}

// try posts a body once.
func (t *httpTransport) try(body []byte) *postError {
	ctx, cancel := context.WithTimeout(t.life, httpTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return &postError{reason: bareError(err).Error(), cause: err}
	}
	req.Header.Set("Content-Type", "application/x-thrift")
	if t.collector.User != "" {
		req.SetBasicAuth(t.collector.User, t.collector.Password)
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return &postError{reason: networkReason(err), cause: bareError(err), again: true}
	}
	defer func() { _ = resp.Body.Close() }()
	// An error while reading leaves a shorter start, which is all it is for.
	start, _ := io.ReadAll(io.LimitReader(resp.Body, bodyStart))
	if resp.StatusCode == http.StatusAccepted {
		return nil
	}
	return judge(resp, oneLine(start))
}

func networkReason(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the tracer was closed before the answer"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", httpTimeout)
	default:
		return bareError(err).Error()
	}
}

// oneLine makes text from a body readable in a log line.
func oneLine(body []byte) string { return strings.Join(strings.Fields(string(body)), " ") }

// judge turns an answer other than 202 into an error.
func judge(resp *http.Response, body string) *postError {
	e := &postError{reason: "answered " + resp.Status, body: body}
	switch code := resp.StatusCode; {
	case code < 300:
		e.reason += " instead of 202 Accepted, so it is no span collector"
		if isHTML(resp.Header.Get("Content-Type"), body) {
			e.reason += " but a web page (wrong port?)"
		}
	case code < 400:
		e.reason += ", a redirect to " + strconv.Quote(withoutUser(resp.Header.Get("Location"))) + " that is not followed"
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		e.again = true
		e.pause = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return e
}

// isHTML reports whether an answer is meant for a browser.
func isHTML(contentType, body string) bool {
	return strings.HasPrefix(contentType, "text/html") || strings.HasPrefix(body, "<")
}

// retryAfter reads the header's seconds or date, within our bounds.
func retryAfter(header string, now time.Time) time.Duration {
	var d time.Duration
	if s, err := strconv.Atoi(header); err == nil {
		d = time.Duration(min(s, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
