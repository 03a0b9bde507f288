package rpc

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
)

// Status is an error that a call ends with.
type Status struct {
	Code codes.Code
	Err  error
}

// Error returns the message for the client.
func (s *Status) Error() string { return s.Err.Error() }

// Unwrap returns the cause.
func (s *Status) Unwrap() error { return s.Err }

// Statusf makes a Status; the format is fmt.Errorf's.
func Statusf(code codes.Code, format string, args ...any) *Status {
	return &Status{Code: code, Err: fmt.Errorf(format, args...)}
}

// CodeOf returns the code of an error: that of a Status, Internal for others.
func CodeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	if status, ok := errors.AsType[*Status](err); ok {
		return status.Code
	}
	return codes.Internal
}

// escape writes a message as the trailer grpc-message has it: percent-encoded, but
// readable.
func escape(message string) string { return strings.ReplaceAll(url.PathEscape(message), "%20", " ") }
