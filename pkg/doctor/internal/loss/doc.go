// Package loss compares the spans that a check sent with what Jaeger counted,
// to find where a canary was lost. Start at Probe.
package loss
