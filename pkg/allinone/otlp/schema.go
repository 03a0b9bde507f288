package otlp

// encoding is how JSON writes a field, and protobuf.
type encoding uint8

const (
	asText    encoding = iota + 1 // a string
	asHex                         // hexadecimal; protobuf has bytes
	asBase64                      // base64; protobuf has bytes
	asBool                        // true or false; protobuf has a varint
	asInt                         // a number, or a string of digits; protobuf has a varint
	asNanos                       // the same; protobuf has a fixed64
	asDouble                      // a number, or a string such as NaN; protobuf has a fixed64
	asKind                        // a number, or a name out of spanKinds
	asStatus                      // a number, or a name out of statusCodes
	asMessage                     // an object
	asList                        // an array of objects; protobuf repeats the field
)

// field is how protobuf encodes a field of a JSON object. The zero field is unknown, or
// not used.
type field struct {
	number   int
	encoding encoding
	message  message // of asMessage and asList
}

// message is a kind of JSON object.
type message uint8

const (
	inRequest message = iota
	inResourceSpans
	inResource
	inScopeSpans
	inScope
	inSpan
	inStatus
	inEvent
	inLink
	inAttribute
	inValue
	inArray
	inKeyValueList
)

// schema has the fields of each message by their names in lowerCamelCase.
//
//nolint:gochecknoglobals // a table
var schema = [...]map[string]field{
	inRequest: {"resourceSpans": {requestResources, asList, inResourceSpans}},
	inResourceSpans: {
		"resource":                    {resourceSelf, asMessage, inResource},
		"scopeSpans":                  {resourceScopes, asList, inScopeSpans},
		"instrumentationLibrarySpans": {resourceLibraries, asList, inScopeSpans},
	},
	inResource: {"attributes": {resourceAttributes, asList, inAttribute}},
	inScopeSpans: {
		"scope":                  {scopeSelf, asMessage, inScope},
		"instrumentationLibrary": {scopeSelf, asMessage, inScope},
		"spans":                  {scopeSpans, asList, inSpan},
	},
	inScope: {"name": {scopeName, asText, 0}, "version": {scopeVersion, asText, 0}},
	inSpan: {
		"traceId":           {spanTraceID, asHex, 0},
		"spanId":            {spanSpanID, asHex, 0},
		"traceState":        {spanState, asText, 0},
		"parentSpanId":      {spanParent, asHex, 0},
		"name":              {spanName, asText, 0},
		"kind":              {spanKind, asKind, 0},
		"startTimeUnixNano": {spanStart, asNanos, 0},
		"endTimeUnixNano":   {spanEnd, asNanos, 0},
		"attributes":        {spanAttributes, asList, inAttribute},
		"events":            {spanEvents, asList, inEvent},
		"links":             {spanLinks, asList, inLink},
		"status":            {spanStatus, asMessage, inStatus},
	},
	inStatus: {"message": {statusMessage, asText, 0}, "code": {statusCode, asStatus, 0}},
	inEvent: {
		"timeUnixNano": {eventTime, asNanos, 0},
		"name":         {eventName, asText, 0},
		"attributes":   {eventAttributes, asList, inAttribute},
	},
	inLink: {
		"traceId":    {linkTraceID, asHex, 0},
		"spanId":     {linkSpanID, asHex, 0},
		"attributes": {linkAttributes, asList, inAttribute},
	},
	inAttribute: {"key": {keyName, asText, 0}, "value": {keyValue, asMessage, inValue}},
	inValue: {
		"stringValue": {valueString, asText, 0},
		"boolValue":   {valueBool, asBool, 0},
		"intValue":    {valueInt, asInt, 0},
		"doubleValue": {valueDouble, asDouble, 0},
		"bytesValue":  {valueBytes, asBase64, 0},
		"arrayValue":  {valueArray, asMessage, inArray},
		"kvlistValue": {valueList, asMessage, inKeyValueList},
	},
	inArray:        {"values": {values, asList, inValue}},
	inKeyValueList: {"values": {values, asList, inAttribute}},
}

// spanKinds and statusCodes are the names of both enums, in the order of their numbers.
func spanKinds() []string {
	return []string{
		"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
		"SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
	}
}

func statusCodes() []string {
	return []string{"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"}
}
