// Package sampling answers tracers that ask which traces to keep, on Jaeger's
// port 5778 and in the form that jaeger-client-go's remote sampler reads. Start
// at Parse or ParseFile, and Handler.
package sampling
