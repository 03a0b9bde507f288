package cmd

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"otdemo":      func() { os.Exit(Main(OSEnv())) },
		"otelservice": otelService,
	})
}

// TestScripts runs the program as users do. The commands that only the scripts have are
// defined below.
func TestScripts(t *testing.T) {
	t.Parallel()
	cmds := map[string]func(*testscript.TestScript, bool, []string){
		"addrs":     addrsCmd,
		"freeport":  freePortCmd,
		"holdport":  holdPortCmd,
		"hammer":    hammerCmd,
		"fetch":     fetchCmd,
		"await":     awaitCmd,
		"waitfile":  waitFileCmd,
		"accounted": accountedCmd,
		"valid":     validCmd,
		"untar":     untarCmd,
		"collect":   collectCmd,
		"post":      postCmd,
	}
	maps.Copy(cmds, hostileCmds())
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "xdg"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("LANG", "C.UTF-8")
			// The scripts must not depend on the developer's own containers.
			env.Setenv("DOCKER_HOST", "unix:///nonexistent")
			return nil
		},
		Cmds:                cmds,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// waitTimeout is the limit for every wait of a script, long enough for a busy machine.
const waitTimeout = 30 * time.Second

// addrsCmd waits for an --addr-file and sets $PREFIX_NAME to the host:port and
// $PREFIX_NAME_PORT to the port of each entry: addrs FILE PREFIX.
func addrsCmd(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: addrs FILE PREFIX")
	}
	var addrs map[string]string
	deadline := time.Now().Add(waitTimeout)
	for {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil {
			ts.Check(json.Unmarshal(content, &addrs))
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not appear", args[0])
		}
		<-time.After(5 * time.Millisecond)
	}
	for name, addr := range addrs {
		_, port, err := net.SplitHostPort(addr)
		ts.Check(err)
		key := args[1] + "_" + regexp.MustCompile(`\W`).ReplaceAllString(name, "_")
		ts.Setenv(key, addr)
		ts.Setenv(key+"_PORT", port)
	}
}

// freePortCmd sets $VAR to a port that nothing listens on: freeport VAR. It is below
// the ports that systems assign for port 0, so that no other test gets it meanwhile.
func freePortCmd(ts *testscript.TestScript, _ bool, args []string) {
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(20000)))
		conn, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		ln, err := net.Listen("tcp", addr)
		ts.Check(conn.Close())
		if err != nil {
			continue
		}
		ts.Check(ln.Close())
		_, port, err := net.SplitHostPort(addr)
		ts.Check(err)
		ts.Setenv(args[0], port)
		return
	}
	ts.Fatalf("no port is free")
}

// holdPortCmd listens on a port until the script ends and sets $VAR to it:
// holdport tcp|udp VAR.
func holdPortCmd(ts *testscript.TestScript, _ bool, args []string) {
	var addr net.Addr
	var c io.Closer
	if args[0] == "udp" {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		ts.Check(err)
		addr, c = conn.LocalAddr(), conn
	} else {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		addr, c = ln.Addr(), ln
	}
	_, port, err := net.SplitHostPort(addr.String())
	ts.Check(err)
	ts.Setenv(args[1], port)
	ts.Defer(func() { c.Close() })
}

// hammerCmd requests a URL from N clients concurrently until the server stops or the
// script ends; it returns when N requests have had a response: hammer N URL.
func hammerCmd(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}}
	var answered atomic.Int64
	enough := make(chan struct{})
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for get(ctx, client, args[1]) == nil {
				if answered.Add(1) == int64(n) {
					close(enough)
				}
			}
		})
	}
	ts.Defer(func() {
		stop()
		workers.Wait()
		client.CloseIdleConnections()
	})
	select {
	case <-enough:
	case <-time.After(waitTimeout):
		ts.Fatalf("%s answered fewer than %d requests", args[1], n)
	}
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// fetchCmd writes the body at a URL to a file: fetch URL FILE.
func fetchCmd(ts *testscript.TestScript, _ bool, args []string) {
	client := &http.Client{Timeout: waitTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o644))
}

// awaitCmd waits until the body at a URL matches a regular expression:
// await URL REGEXP.
func awaitCmd(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	client := &http.Client{Timeout: waitTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	until(ts, args[0]+" does not match "+args[1], func() bool {
		resp, err := client.Get(args[0])
		ts.Check(err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		ts.Check(err)
		return want.Match(body)
	})
}

// waitFileCmd waits until a file has a number of bytes: waitfile FILE BYTES.
func waitFileCmd(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	until(ts, args[0]+" does not grow to "+args[1]+" bytes", func() bool {
		info, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil && info.Size() >= size
	})
}

// until waits for a condition, and fails the script with complaint if it is not met in
// time.
func until(ts *testscript.TestScript, complaint string, met func() bool) {
	for deadline := time.Now().Add(waitTimeout); !met(); {
		if time.Now().After(deadline) {
			ts.Fatalf("%s", complaint)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// accountedCmd checks that the number of spans a server finished, from its last log
// line, is the number that the backend stored, from /api/loss: accounted LOG LOSS.
func accountedCmd(ts *testscript.TestScript, _ bool, args []string) {
	logged := regexp.MustCompile(`spans_finished=(\d+) spans_sent=(\d+) spans_lost=(\d+)`).
		FindStringSubmatch(ts.ReadFile(args[0]))
	if logged == nil {
		ts.Fatalf("no account of the spans in %s:\n%s", args[0], ts.ReadFile(args[0]))
	}
	var loss struct {
		Store struct {
			Spans int64 `json:"spans"`
		} `json:"store"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &loss))
	want := fmt.Sprint(loss.Store.Spans)
	if logged[1] != want || logged[2] != want || logged[3] != "0" || loss.Store.Spans < 50 {
		ts.Fatalf("the server finished %s spans, sent %s, lost %s; the backend stored %s; want them equal, none lost, and at least 50",
			logged[1], logged[2], logged[3], want)
	}
}

// validCmd checks a JSON file against one of the schemas in docs/:
// valid FILE SCHEMA.
func validCmd(ts *testscript.TestScript, _ bool, args []string) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(repository, "docs", args[1]))
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(schema.Validate(document))
}

// untarCmd extracts a .tgz into the working directory: untar FILE.
func untarCmd(ts *testscript.TestScript, _ bool, args []string) {
	zipped, err := gzip.NewReader(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	archive := tar.NewReader(zipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		ts.Check(err)
		content, err := io.ReadAll(archive)
		ts.Check(err)
		path := ts.MkAbs(header.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, content, 0o644))
	}
}
