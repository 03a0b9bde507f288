// Package docs carries the documents that the program prints: explain shows
// sections of findings.md. Start at Findings.
package docs

import _ "embed" // for the documents

//go:embed findings.md
var findings string

// Findings returns docs/findings.md, which has a section "## code" for each
// finding of check-jaeger.
func Findings() string { return findings }
