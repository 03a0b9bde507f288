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
	asEnum                        // a number, or a name out of the field's enum
	asMessage                     // an object
)

// field is what protobuf knows of a field of a JSON object. The zero field is one
// that is unknown here, or of no use.
type field struct {
	number   int
	encoding encoding
	repeated bool
	fields   fields   // of a message
	names    []string // of an enum, in the order of their numbers
}

// fields finds the field with that name, in lowerCamelCase, of one kind of object.
type fields func(name string) field

func requestFields(name string) field {
	if name == "resourceSpans" {
		return field{number: requestResources, encoding: asMessage, repeated: true, fields: resourceSpansFields}
	}
	return field{}
}

func resourceSpansFields(name string) field {
	switch name {
	case "resource":
		return field{number: resourceSelf, encoding: asMessage, fields: resourceFields}
	case "scopeSpans":
		return field{number: resourceScopes, encoding: asMessage, repeated: true, fields: scopeSpansFields}
	case "instrumentationLibrarySpans":
		return field{number: resourceLibraries, encoding: asMessage, repeated: true, fields: librarySpansFields}
	}
	return field{}
}

func resourceFields(name string) field {
	if name == "attributes" {
		return attributes(resourceAttributes)
	}
	return field{}
}

func scopeSpansFields(name string) field {
	switch name {
	case "scope":
		return field{number: scopeSelf, encoding: asMessage, fields: scopeFields}
	case "spans":
		return field{number: scopeSpans, encoding: asMessage, repeated: true, fields: spanFields}
	}
	return field{}
}

func librarySpansFields(name string) field {
	if name == "instrumentationLibrary" {
		name = "scope"
	}
	return scopeSpansFields(name)
}

func scopeFields(name string) field {
	switch name {
	case "name":
		return field{number: scopeName, encoding: asText}
	case "version":
		return field{number: scopeVersion, encoding: asText}
	}
	return field{}
}

func spanFields(name string) field {
	switch name {
	case "traceId":
		return field{number: spanTraceID, encoding: asHex}
	case "spanId":
		return field{number: spanSpanID, encoding: asHex}
	case "traceState":
		return field{number: spanState, encoding: asText}
	case "parentSpanId":
		return field{number: spanParent, encoding: asHex}
	case "name":
		return field{number: spanName, encoding: asText}
	case "kind":
		return field{number: spanKind, encoding: asEnum, names: []string{
			"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
			"SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
		}}
	case "startTimeUnixNano":
		return field{number: spanStart, encoding: asNanos}
	case "endTimeUnixNano":
		return field{number: spanEnd, encoding: asNanos}
	case "attributes":
		return attributes(spanAttributes)
	case "events":
		return field{number: spanEvents, encoding: asMessage, repeated: true, fields: eventFields}
	case "links":
		return field{number: spanLinks, encoding: asMessage, repeated: true, fields: linkFields}
	case "status":
		return field{number: spanStatus, encoding: asMessage, fields: statusFields}
	}
	return field{}
}

func statusFields(name string) field {
	switch name {
	case "message":
		return field{number: statusMessage, encoding: asText}
	case "code":
		return field{number: statusCode, encoding: asEnum, names: []string{
			"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR",
		}}
	}
	return field{}
}

func eventFields(name string) field {
	switch name {
	case "timeUnixNano":
		return field{number: eventTime, encoding: asNanos}
	case "name":
		return field{number: eventName, encoding: asText}
	case "attributes":
		return attributes(eventAttributes)
	}
	return field{}
}

func linkFields(name string) field {
	switch name {
	case "traceId":
		return field{number: linkTraceID, encoding: asHex}
	case "spanId":
		return field{number: linkSpanID, encoding: asHex}
	case "attributes":
		return attributes(linkAttributes)
	}
	return field{}
}

func attributes(number int) field {
	return field{number: number, encoding: asMessage, repeated: true, fields: keyValueFields}
}

func keyValueFields(name string) field {
	switch name {
	case "key":
		return field{number: keyName, encoding: asText}
	case "value":
		return field{number: keyValue, encoding: asMessage, fields: valueFields}
	}
	return field{}
}

func valueFields(name string) field {
	switch name {
	case "stringValue":
		return field{number: valueString, encoding: asText}
	case "boolValue":
		return field{number: valueBool, encoding: asBool}
	case "intValue":
		return field{number: valueInt, encoding: asInt}
	case "doubleValue":
		return field{number: valueDouble, encoding: asDouble}
	case "bytesValue":
		return field{number: valueBytes, encoding: asBase64}
	case "arrayValue":
		return field{number: valueArray, encoding: asMessage, fields: arrayFields}
	case "kvlistValue":
		return field{number: valueList, encoding: asMessage, fields: listFields}
	}
	return field{}
}

func arrayFields(name string) field {
	if name == "values" {
		return field{number: values, encoding: asMessage, repeated: true, fields: valueFields}
	}
	return field{}
}

func listFields(name string) field {
	if name == "values" {
		return attributes(values)
	}
	return field{}
}
