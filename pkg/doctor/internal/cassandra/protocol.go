package cassandra

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// A client of Cassandra's native protocol, version 4, which Cassandra 2.2 to 5
// and ScyllaDB support and Jaeger requests: only as much as is needed to check
// whether Jaeger can connect. Queries are SELECT JSON, so that each row is one
// text. A driver would find more hosts, reconnect and retry, and hide the step
// that fails.
// https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v4.spec

// The protocol's opcodes.
const (
	cqlError        = 0x00
	cqlStartup      = 0x01
	cqlReady        = 0x02
	cqlAuthenticate = 0x03
	cqlQuery        = 0x07
	cqlResult       = 0x08
	cqlAuthResponse = 0x0f
	cqlAuthSuccess  = 0x10
)

const (
	cqlVersion      = 4
	cqlHeaderLength = 9
	cqlResponse     = 0x80
	// maxCQLFrame bounds a response: a list of tables has some 10 kB.
	maxCQLFrame = 1 << 20
	// cqlRows is the kind of result that has rows.
	cqlRows = 2
	// cqlMorePages is a flag of a result's metadata: a paging state follows.
	cqlMorePages = 0x2
	// cqlText is the type varchar, which the one column of SELECT JSON has.
	cqlText = 0x0d
)

// The consistency levels used here.
const (
	cqlOne      = 0x0001
	cqlLocalOne = 0x000a
)

// The error codes of the protocol that matter here.
const (
	cqlBadCredentials = 0x0100
	cqlUnavailable    = 0x1000
	cqlInvalid        = 0x2200
)

var (
	// errNotCQL is a response that is not in the protocol.
	errNotCQL = errors.New("the response is not in Cassandra's protocol")
	// errCQLSilent is a connection on which nothing came.
	errCQLSilent = errors.New("connected, but received no response")
)

type cqlServerError struct {
	code    int
	message string
}

func (e *cqlServerError) Error() string { return e.message }

// cqlConn is a connection to one node, ready for queries one at a time.
type cqlConn struct {
	conn net.Conn
	stop func() bool
	// authenticator is the class that the node wants credentials for, "" when it
	// wants none.
	authenticator string
}

// dialCQL connects and logs in. The connection ends with ctx, or with close.
func dialCQL(ctx context.Context, env *probe.Env, addr string) (*cqlConn, error) {
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if env.Storage.TLS {
		cfg, err := env.Storage.TLSConfig(env.ReadFile)
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		// gocql also verifies the name as it was dialled.
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
		secure := tls.Client(conn, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secure
	}
	c := &cqlConn{conn: conn}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if err := c.start(env.Storage.User, env.Storage.Password); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *cqlConn) close() {
	c.stop()
	_ = c.conn.Close()
}

// start sends STARTUP, and AUTH_RESPONSE if the node requires it.
func (c *cqlConn) start(user, password string) error {
	body := binary.BigEndian.AppendUint16(nil, 1)
	body = appendCQLString(body, "CQL_VERSION")
	body = appendCQLString(body, "3.0.0")
	opcode, answer, err := c.roundTrip(cqlStartup, body)
	if err != nil || opcode == cqlReady {
		return err
	}
	if opcode != cqlAuthenticate {
		return errNotCQL
	}
	r := cqlReader{rest: answer}
	c.authenticator = r.text()
	// SASL PLAIN, RFC 4616, which PasswordAuthenticator reads.
	token := "\x00" + user + "\x00" + password
	body = binary.BigEndian.AppendUint32(nil, uint32(len(token)))
	opcode, _, err = c.roundTrip(cqlAuthResponse, append(body, token...))
	if err == nil && opcode != cqlAuthSuccess {
		err = fmt.Errorf("authenticator %s requires more than a user and a password", c.authenticator)
	}
	return err
}

// roundTrip sends one request and reads its response. An ERROR is a
// *cqlServerError.
func (c *cqlConn) roundTrip(opcode byte, body []byte) (byte, []byte, error) {
	frame := []byte{cqlVersion, 0, 0, 0, opcode}
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(body)))
	if _, err := c.conn.Write(append(frame, body...)); err != nil {
		return 0, nil, err
	}
	var header [cqlHeaderLength]byte
	if n, err := io.ReadFull(c.conn, header[:]); err != nil {
		var network net.Error
		switch {
		case n > 0 && header[0]&^0x7 != cqlResponse:
			return 0, nil, errNotCQL
		case errors.As(err, &network) && network.Timeout():
			return 0, nil, errCQLSilent
		}
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(header[5:])
	if header[0]&^0x7 != cqlResponse || length > maxCQLFrame {
		return 0, nil, errNotCQL
	}
	answer := make([]byte, length)
	if _, err := io.ReadFull(c.conn, answer); err != nil {
		return 0, nil, err
	}
	if header[4] == cqlError {
		r := cqlReader{rest: answer}
		return 0, nil, &cqlServerError{code: r.int(), message: r.text()}
	}
	return header[4], answer, nil
}

// cqlQueryRows runs a SELECT JSON and decodes each row into a T.
func cqlQueryRows[T any](c *cqlConn, consistency uint16, statement string) ([]T, error) {
	body := binary.BigEndian.AppendUint32(nil, uint32(len(statement)))
	body = append(body, statement...)
	body = binary.BigEndian.AppendUint16(body, consistency)
	opcode, answer, err := c.roundTrip(cqlQuery, append(body, 0))
	if err != nil {
		return nil, err
	}
	if opcode != cqlResult {
		return nil, errNotCQL
	}
	texts, err := readCQLRows(answer)
	if err != nil {
		return nil, err
	}
	rows := make([]T, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal(text, &rows[i]); err != nil {
			return nil, fmt.Errorf("read a row of %q: %w", statement, err)
		}
	}
	return rows, nil
}

// readCQLRows reads a result with one column of text.
func readCQLRows(answer []byte) ([][]byte, error) {
	r := cqlReader{rest: answer}
	kind, flags, columns := r.int(), r.int(), r.int()
	if kind != cqlRows || columns != 1 {
		return nil, errNotCQL
	}
	if flags&cqlMorePages != 0 {
		r.bytes()
	}
	// The keyspace and the table stand before all columns or before each, which
	// is the same for one.
	r.text()
	r.text()
	r.text()
	if r.short() != cqlText {
		return nil, errNotCQL
	}
	var rows [][]byte
	// A count larger than the data ends with the reader's error.
	for n := r.int(); n > 0 && r.err == nil; n-- {
		rows = append(rows, r.bytes())
	}
	return rows, r.err
}

// cqlReader reads the notations of the protocol. After an error it reads zeros.
type cqlReader struct {
	rest []byte
	err  error
}

func (r *cqlReader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		r.err = errNotCQL
		return nil
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *cqlReader) short() int {
	if b := r.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *cqlReader) int() int {
	if b := r.take(4); b != nil {
		return int(int32(binary.BigEndian.Uint32(b)))
	}
	return 0
}

func (r *cqlReader) text() string { return string(r.take(r.short())) }

// bytes reads a value; a null is nil.
func (r *cqlReader) bytes() []byte {
	n := r.int()
	if n < 0 {
		return nil
	}
	return r.take(n)
}

func appendCQLString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}
