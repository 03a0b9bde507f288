package process

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestPortTaken(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]bool{
		"listen tcp 127.0.0.1:14268: bind: address already in use":                                            true,
		"java.net.BindException: Address already in use":                                                      true,
		"BindHttpException[Failed to bind to 127.0.0.1:23336]; nested: BindException[Address already in use]": true,
		"java.lang.IllegalStateException: Failed to bind port 9042 on 127.0.0.1.":                             true,
		"/127.0.0.1:7000 is in use by another process.  Change listen_address:storage_port in cassandra.yaml": true,
		"listen tcp 127.0.0.1:80: bind: permission denied":                                                    false,
		"OutOfMemoryError: Java heap space":                                                                   false,
		"":                                                                                                    false,
	} {
		if got := portTaken(output); got != want {
			t.Errorf("%q: got %t, want %t", output, got, want)
		}
	}
}

// onPort runs a program that cannot have port 1, and ends with status 3 without one.
func onPort(t *testing.T, port string) (string, error) {
	t.Helper()
	p := Start(t, shell(fmt.Sprintf("[ %q = 1 ] && echo bind: address already in use; [ %q ] && [ %q != 1 ] || exit 3", port, port, port)))
	<-p.Done()
	if p.Code() != 0 {
		return "", p.EndedEarly()
	}
	return net.JoinHostPort("127.0.0.1", port), nil
}

func TestOnFreePorts(t *testing.T) {
	t.Parallel()
	ports := []string{"1", "1", "7"}
	got := OnFreePorts(t, "program", func() (string, error) {
		port := ports[0]
		ports = ports[1:]
		return onPort(t, port)
	})
	if got != "127.0.0.1:7" {
		t.Errorf("got %s, want the first address that is free", got)
	}
	_, err := onPort(t, "")
	if errors.Is(err, errPortTaken) || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want what it ended with", err)
	}
}
