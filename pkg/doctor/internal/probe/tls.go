package probe

import (
	"context"
	"crypto/tls"
	"errors"
)

// Presented describes the certificate in a handshake's error.
func Presented(err error) []string {
	cert, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(cert.UnverifiedCertificates) == 0 {
		return nil
	}
	return []string{subject(cert.UnverifiedCertificates[0])}
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
