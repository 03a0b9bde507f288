package otlp

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
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

// Reply returns an ExportTraceServiceResponse, which reports the number of
// invalid spans; all others were stored.
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
	return encode(&coltracepb.ExportTraceServiceResponse{
		PartialSuccess: &coltracepb.ExportTracePartialSuccess{RejectedSpans: int64(invalid), ErrorMessage: message},
	})
}

// InvalidText returns the error text for that many invalid spans.
func InvalidText(invalid int) string {
	return fmt.Sprintf("%d without a trace id or a span id: nobody could find them", invalid)
}

// Fault returns the google.rpc.Status that goes with an HTTP status other than
// 200.
func (f Format) Fault(status int, message string) []byte {
	code := faultCodeOf(status)
	if f == JSON {
		return encodeJSON(struct {
			Code    uint32 `json:"code"`
			Message string `json:"message"`
		}{uint32(code), message})
	}
	return encode(&statuspb.Status{Code: int32(code), Message: strings.ToValidUTF8(message, "?")})
}

// faultCodeOf returns the gRPC code for an HTTP status, as the OpenTelemetry
// Collector does.
func faultCodeOf(status int) codes.Code {
	switch status {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusRequestEntityTooLarge:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	default:
		return codes.Unknown
	}
}

// encode encodes a message whose texts are valid UTF-8, which cannot fail.
func encode(m proto.Message) []byte {
	b, _ := proto.Marshal(m)
	return b
}

// encodeJSON encodes a value that cannot fail.
func encodeJSON(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}
