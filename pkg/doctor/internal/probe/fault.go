package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/otdemo/otdemo/pkg/query"
)

// Fault is why a request had no response.
type Fault uint8

// The faults.
const (
	FaultOther Fault = iota
	// FaultRefused: nothing listens.
	FaultRefused
	FaultUnresolved
	// FaultTimeout: no response in time.
	FaultTimeout
	// FaultPlain: TLS was tried with a server that speaks plain HTTP.
	FaultPlain
	// FaultTLS: plain HTTP was tried with a server that speaks TLS.
	FaultTLS
	// FaultCertificate: the server's certificate is not trusted.
	FaultCertificate
	// FaultProtocol: the server responds, but not in HTTP/1.
	FaultProtocol
)

// The start of an error of net/http for bytes that are not HTTP/1. It has no
// type. gRPC servers send an HTTP/2 SETTINGS frame first, TLS servers an alert.
const (
	malformedHTTP = "malformed HTTP response"
	malformedTLS  = malformedHTTP + ` "\x15\x03`
)

// Classify finds the fault in an error of net/http.
func Classify(err error) Fault {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var cert *tls.CertificateVerificationError
	var network net.Error
	switch text := err.Error(); {
	case errors.Is(err, syscall.ECONNREFUSED):
		return FaultRefused
	case errors.As(err, &dns):
		return FaultUnresolved
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return FaultPlain
	case errors.As(err, &cert):
		return FaultCertificate
	case strings.Contains(text, malformedTLS):
		return FaultTLS
	case strings.Contains(text, malformedHTTP):
		return FaultProtocol
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return FaultTimeout
	default:
		return FaultOther
	}
}

// RequiresTLS reports whether a response over plain HTTP is that of a TLS port:
// Go's and nginx's servers return it.
func RequiresTLS(status int, body string) bool {
	return status == http.StatusBadRequest &&
		(strings.Contains(body, "HTTP request to an HTTPS server") ||
			strings.Contains(body, "plain HTTP request was sent to HTTPS port"))
}

// Faults has what a probe finds for each fault: code, hints and causes. FaultPlain is
// in the row of FaultTLS, and what has no row in that of FaultOther.
type Faults map[Fault]Finding

// OneCode returns the table of a probe that does not distinguish faults.
func OneCode(c Code) Faults { return Faults{FaultOther: {Code: c}} }

// Finding is the failure of a request to u, which shows neither user nor
// password.
func (fs Faults) Finding(u *url.URL, err error) Finding {
	fault := Classify(err)
	of := fault
	if of == FaultPlain {
		of = FaultTLS
	}
	row, ok := fs[of]
	if !ok {
		row = fs[FaultOther]
	}
	row.Status, row.Fact = StatusFail, fault.fact(u, err)
	row.Evidence = append([]string{fmt.Sprintf("%s: %v", Bare(u), WithoutURL(err))}, row.Evidence...)
	return row
}

func (f Fault) fact(u *url.URL, err error) string {
	host := DialAddr(u)
	switch f {
	case FaultRefused:
		return "nothing listens on tcp " + host
	case FaultUnresolved:
		return "host " + u.Hostname() + " does not resolve: " + Reason(err)
	case FaultTimeout:
		return "tcp " + host + " did not respond in time"
	case FaultPlain:
		return host + " speaks plain HTTP, but the URL scheme is https"
	case FaultTLS:
		return host + " speaks TLS, but the URL scheme is http"
	case FaultCertificate:
		return "certificate of " + host + " is not trusted: " + Reason(err)
	case FaultProtocol:
		return host + " does not speak HTTP/1; it may be a gRPC port"
	default:
		return "request to " + host + " failed: " + Reason(err)
	}
}

// Reason returns the end of an error's chain, which has the cause.
func Reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return cert.Err.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return WithoutURL(err).Error()
}

// WithoutURL drops the layer of an error that repeats the URL, with its user.
func WithoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	if transport, ok := errors.AsType[*query.TransportError](err); ok {
		return transport.Err
	}
	return err
}

// MaxExcerpt bounds how much of a response is repeated in evidence.
const MaxExcerpt = 200

// Excerpt returns the start of a response as one line, quoted if it is not
// text.
func Excerpt(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	if len(text) > MaxExcerpt {
		text = strings.ToValidUTF8(text[:MaxExcerpt], "") + "…"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// Presented describes the certificate in a handshake's error by what names are
// checked against.
func Presented(err error) []string {
	failed, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(failed.UnverifiedCertificates) == 0 {
		return nil
	}
	cert := failed.UnverifiedCertificates[0]
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = []string{"none"}
	}
	return []string{fmt.Sprintf("certificate: subject %q, issuer %q, names %s, valid until %s",
		cert.Subject, cert.Issuer, strings.Join(names, " "), cert.NotAfter.UTC().Format("2006-01-02"))}
}

// SpeaksTLS tries a handshake, whatever the certificate. A TLS port closes or
// resets an HTTP connection, as other programs do.
func SpeaksTLS(ctx context.Context, env *Env, addr string) bool {
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // nothing is sent
	return client.HandshakeContext(ctx) == nil
}
