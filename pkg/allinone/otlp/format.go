package otlp

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
)

// Format is one of the two in which OTLP writes requests and answers: its content
// type.
type Format string

// The formats. Over gRPC it is always Protobuf.
const (
	JSON     Format = "application/json"
	Protobuf Format = "application/x-protobuf"
)

// FormatOf returns the format of a content type, false if it is none of them.
func FormatOf(contentType string) (Format, bool) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	f := Format(mediaType)
	return f, err == nil && (f == JSON || f == Protobuf)
}

// Decode reads an ExportTraceServiceRequest; see the function Decode.
func (f Format) Decode(body []byte) (Request, error) {
	if f == JSON {
		var err error
		if body, err = FromJSON(body); err != nil {
			return Request{}, err
		}
	}
	return Decode(body)
}

// The fields of ExportTraceServiceResponse, ExportTracePartialSuccess and
// google.rpc.Status.
const (
	replyPartial    = 1
	partialRejected = 1
	partialMessage  = 2
	faultCode       = 1
	faultMessage    = 2
)

// Reply returns an ExportTraceServiceResponse, by which the client learns that
// all is stored but so many invalid spans.
func (f Format) Reply(invalid int) []byte {
	message := ""
	if invalid > 0 {
		message = InvalidText(invalid)
	}
	if f == JSON {
		type partial struct {
			Rejected int    `json:"rejectedSpans,omitempty,string"`
			Message  string `json:"errorMessage,omitempty"`
		}
		return encodeJSON(struct {
			Partial partial `json:"partialSuccess"`
		}{partial{invalid, message}})
	}
	if invalid == 0 {
		return nil
	}
	partial := pb.AppendUint(nil, partialRejected, uint64(invalid))
	partial = pb.AppendBytes(partial, partialMessage, message)
	return pb.AppendBytes(nil, replyPartial, partial)
}

// InvalidText says what is wrong with that many invalid spans.
func InvalidText(invalid int) string {
	return fmt.Sprintf("%d without a trace id or a span id: nobody could find them", invalid)
}

// Fault returns the google.rpc.Status that goes with an HTTP status other than
// 200.
func (f Format) Fault(status int, message string) []byte {
	code := faultCodeOf(status)
	if f == JSON {
		return encodeJSON(struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		}{code, message})
	}
	return pb.AppendBytes(pb.AppendUint(nil, faultCode, uint64(code)), faultMessage, message)
}

// faultCodeOf returns the gRPC code for an HTTP status, as the OpenTelemetry
// Collector does.
func faultCodeOf(status int) int {
	switch status {
	case http.StatusBadRequest:
		return 3 // invalid argument
	case http.StatusRequestEntityTooLarge:
		return 8 // resource exhausted
	case http.StatusServiceUnavailable:
		return 14 // unavailable: try again
	default:
		return 2 // unknown
	}
}

// encodeJSON encodes what cannot fail to be.
func encodeJSON(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}
