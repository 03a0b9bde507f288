package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/otdemo/otdemo/pkg/client"
)

func kindOf(err error) ErrorKind {
	switch {
	case is[*client.StatusError](err):
		return Status
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded), timedOut(err):
		return Timeout
	case is[*net.DNSError](err):
		return DNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case isTLS(err):
		return TLS
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Reset // before the end of the response
	default:
		return Other
	}
}

// is reports whether an error of type E is in err's chain.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func timedOut(err error) bool {
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout()
}

func isTLS(err error) bool {
	return errors.Is(err, http.ErrSchemeMismatch) || // plain HTTP on a port of https
		is[tls.RecordHeaderError](err) ||
		is[tls.AlertError](err) ||
		is[*tls.CertificateVerificationError](err) ||
		is[x509.UnknownAuthorityError](err) ||
		is[x509.HostnameError](err) ||
		is[x509.CertificateInvalidError](err)
}
