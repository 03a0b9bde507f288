package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/otdemo/otdemo/pkg/query"
)

// fault is why a request had no answer.
type fault uint8

const (
	faultOther fault = iota
	// faultRefused: nothing listens.
	faultRefused
	faultUnresolved
	// faultTimeout: no answer in time.
	faultTimeout
	// faultPlain: TLS was tried with a server that speaks plain HTTP.
	faultPlain
	// faultTLS: plain HTTP was tried with a server that speaks TLS.
	faultTLS
	// faultCertificate: the server's certificate is not trusted.
	faultCertificate
	// faultProtocol: the server speaks, but not HTTP/1.
	faultProtocol
)

// The start of an error of net/http for bytes that are no HTTP/1. It has no
// type. gRPC servers send an HTTP/2 SETTINGS frame first, TLS servers an alert.
const (
	malformed    = "malformed HTTP response"
	malformedTLS = malformed + ` "\x15\x03`
)

// classify finds the fault in an error of net/http.
func classify(err error) fault {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var cert *tls.CertificateVerificationError
	var network net.Error
	switch text := err.Error(); {
	case errors.Is(err, syscall.ECONNREFUSED):
		return faultRefused
	case errors.As(err, &dns):
		return faultUnresolved
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return faultPlain
	case errors.As(err, &cert):
		return faultCertificate
	case strings.Contains(text, malformedTLS):
		return faultTLS
	case strings.Contains(text, malformed):
		return faultProtocol
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return faultTimeout
	default:
		return faultOther
	}
}

// saysUseTLS reports whether an answer over plain HTTP is that of a TLS port:
// Go's and nginx's servers answer so.
func saysUseTLS(status int, body string) bool {
	return status == http.StatusBadRequest &&
		(strings.Contains(body, "HTTP request to an HTTPS server") ||
			strings.Contains(body, "plain HTTP request was sent to HTTPS port"))
}

// faultCodes are the codes of one probe for the faults; Other stands for
// faultOther.
type faultCodes struct {
	Refused, Unresolved, Timeout, TLS, Certificate, Protocol, Other Code
}

// oneCode is for a probe that does not tell faults apart.
func oneCode(c Code) faultCodes { return faultCodes{c, c, c, c, c, c, c} }

func (c faultCodes) all() []Code {
	return []Code{c.Refused, c.Unresolved, c.Timeout, c.TLS, c.Certificate, c.Protocol, c.Other}
}

// finding is the failure of a request to u, which shows neither user nor
// password.
func (c faultCodes) finding(u *url.URL, err error) Finding {
	host := dialAddr(u)
	var f Finding
	switch classify(err) {
	case faultRefused:
		f = found(StatusFail, c.Refused, "nothing listens on tcp %s", host)
	case faultUnresolved:
		f = found(StatusFail, c.Unresolved, "host %s does not resolve: %s", u.Hostname(), reason(err))
	case faultTimeout:
		f = found(StatusFail, c.Timeout, "tcp %s does not answer in time", host)
	case faultPlain:
		f = found(StatusFail, c.TLS, "%s speaks plain HTTP, the URL says https", host)
	case faultTLS:
		f = found(StatusFail, c.TLS, "%s speaks TLS, the URL says http", host)
	case faultCertificate:
		f = found(StatusFail, c.Certificate, "certificate of %s is not trusted: %s", host, reason(err))
	case faultProtocol:
		f = found(StatusFail, c.Protocol, "%s does not speak HTTP/1, it may be a gRPC port", host)
	case faultOther:
		f = found(StatusFail, c.Other, "request to %s fails: %s", host, reason(err))
	}
	return f.saw(fmt.Sprintf("%s: %v", bare(u), withoutURL(err)))
}

// reason is the end of an error's chain, the part that says why.
func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return cert.Err.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return withoutURL(err).Error()
}

// withoutURL drops the layer of an error that repeats the URL, with its user.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	if transport, ok := errors.AsType[*query.TransportError](err); ok {
		return transport.Err
	}
	return err
}

// maxExcerpt bounds what evidence repeats of an answer.
const maxExcerpt = 200

// excerpt is the start of an answer as one line, quoted when it is not text.
func excerpt(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	if len(text) > maxExcerpt {
		text = strings.ToValidUTF8(text[:maxExcerpt], "") + "…"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
