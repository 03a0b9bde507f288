package lab

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/process"
)

// get speaks HTTP/1.0 over a connection of the shell's own, since a machine has no
// client that every host has: $1 and $2 are host and port, $3 is the path.
const get = `exec 3<>"/dev/tcp/$1/$2" && printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$3" "$1" >&3 && cat <&3`

// Get asks the server at host:port on the machine for a path and returns the body.
// It fails the test unless the answer is 200.
func (m *Machine) Get(t *testing.T, hostPort, path string) []byte {
	t.Helper()
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		t.Fatal(err)
	}
	got := process.Run(t, toolTimeout, m.Command(process.Command{
		Path: "/bin/bash", Args: []string{"-c", get, "get", host, port, path},
		Env: []string{"PATH=" + os.Getenv("PATH")},
	}))
	if got.Code != 0 {
		t.Fatalf("get %s from %s: exit code %d\n%s", path, hostPort, got.Code, got.Stderr)
	}
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got.Stdout)), nil)
	if err != nil {
		t.Fatalf("get %s from %s: %v", path, hostPort, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("get %s from %s: %s, %v\n%s", path, hostPort, resp.Status, err, body)
	}
	return body
}
