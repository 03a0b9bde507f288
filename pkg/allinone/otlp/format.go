package otlp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
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
	partial := &coltracepb.ExportTracePartialSuccess{}
	if invalid > 0 {
		partial.RejectedSpans, partial.ErrorMessage = int64(invalid), InvalidText(invalid)
	} else if f == Protobuf {
		return nil
	}
	return f.encode(&coltracepb.ExportTraceServiceResponse{PartialSuccess: partial})
}

// InvalidText returns the error text for that many invalid spans.
func InvalidText(invalid int) string {
	return fmt.Sprintf("%d without a trace id or a span id: nobody could find them", invalid)
}

// Fault returns the google.rpc.Status that goes with an HTTP status other than
// 200.
func (f Format) Fault(status int, message string) []byte {
	return f.encode(&statuspb.Status{Code: int32(faultCodeOf(status)), Message: strings.ToValidUTF8(message, "?")})
}

// faultCodeOf returns the gRPC code for an HTTP status, as the OpenTelemetry
// Collector does.
func faultCodeOf(status int) codes.Code {
	return cmp.Or(map[int]codes.Code{
		http.StatusBadRequest:            codes.InvalidArgument,
		http.StatusRequestEntityTooLarge: codes.ResourceExhausted,
		http.StatusServiceUnavailable:    codes.Unavailable,
	}[status], codes.Unknown)
}

// encode encodes a message whose texts are valid UTF-8, which cannot fail.
func (f Format) encode(m proto.Message) []byte {
	if f == Protobuf {
		b, _ := proto.Marshal(m)
		return b
	}
	b, _ := protojson.Marshal(m)
	var compact bytes.Buffer
	_ = json.Compact(&compact, b) // protojson puts spaces at random
	return compact.Bytes()
}
