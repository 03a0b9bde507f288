package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/otdemo/otdemo/bench/child"
	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
)

// programs are what the benchmarks run.
type programs struct {
	otdemo, hey, vegeta string
	// root is the directory of otdemo's module, and dir one for files of this run.
	root, dir string
	log       *slog.Logger
}

// build builds otdemo as it stands in the tree, and hey and vegeta at the
// versions in go.mod, into dir.
func build(ctx context.Context, dir string, log *slog.Logger) (*programs, error) {
	log.InfoContext(ctx, "building otdemo, hey and vegeta")
	root, err := goCommand(ctx, ".", "list", "-m", "-f", "{{.Dir}}", "github.com/otdemo/otdemo")
	if err != nil {
		return nil, err
	}
	p := &programs{root: strings.TrimSpace(root), dir: dir, log: log}
	for _, b := range []struct {
		path      *string
		from, pkg string
	}{
		// In its own module otdemo gets the dependencies of its own go.mod.
		{&p.otdemo, p.root, "github.com/otdemo/otdemo"},
		{&p.hey, ".", "github.com/rakyll/hey"},
		{&p.vegeta, ".", "github.com/tsenart/vegeta/v12"},
	} {
		built, err := filepath.Abs(filepath.Join(dir, strings.TrimSuffix(filepath.Base(b.pkg), "/v12")))
		if err != nil {
			return nil, fmt.Errorf("name what is built of %s: %w", b.pkg, err)
		}
		*b.path = built
		if _, err := goCommand(ctx, b.from, "build", "-trimpath", "-o", built, b.pkg); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// goCommand runs the go command in dir and returns what it printed on stdout.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s in %s: %w\n%s%s", args[0], dir, err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

// service is a program that runs until it is stopped.
type service struct {
	*child.Child
	// agent takes compact thrift over UDP, collector binary thrift over HTTP, and
	// query is the query API, for a Jaeger; url is what a server answers on.
	agent, collector, query, url string
}

// serve starts otdemo serve, whose tracer is as args say.
func (p *programs) serve(ctx context.Context, args ...string) (*service, error) {
	running, addrs, err := p.start(ctx, append([]string{"serve", "--port", "0"}, args...)...)
	if err != nil {
		return nil, err
	}
	// /gettime answers itself, / redirects.
	return &service{Child: running, url: "http://" + addrs["http"] + "/gettime"}, nil
}

// allInOne starts otdemo's own Jaeger.
func (p *programs) allInOne(ctx context.Context) (*service, error) {
	running, addrs, err := p.start(ctx, "all-in-one", "--free-ports")
	if err != nil {
		return nil, err
	}
	return &service{
		Child:     running,
		agent:     addrs["agent-compact"],
		collector: "http://" + addrs["collector-http"] + "/api/traces",
		query:     "http://" + addrs["query"],
	}, nil
}

// jaeger starts a real Jaeger, which is built first when the cache lacks it.
func (p *programs) jaeger(ctx context.Context, release jaegers.Release) (*service, error) {
	path, err := jaegers.Build(ctx, release.Program(), p.log)
	if err != nil {
		return nil, err
	}
	setup, err := release.Setup(ctx, path)
	if err != nil {
		return nil, err
	}
	setup.Command.Dir = p.dir
	running, err := child.Start(ctx, setup.Command)
	if err != nil {
		return nil, err
	}
	if err := setup.WaitReady(ctx, running.Done()); err != nil {
		return nil, stopped(running, err)
	}
	return &service{
		Child:     running,
		agent:     setup.Instance.AgentHostPort,
		collector: setup.Instance.CollectorURL,
		query:     setup.Instance.QueryURL,
	}, nil
}

const (
	// startTimeout is ample: otdemo listens within some 20 ms.
	startTimeout = 10 * time.Second
	startPoll    = 5 * time.Millisecond
)

// start runs an otdemo and returns its addresses once it listens.
func (p *programs) start(ctx context.Context, args ...string) (*child.Child, map[string]string, error) {
	dir, err := os.MkdirTemp(p.dir, args[0]+"-*")
	if err != nil {
		return nil, nil, fmt.Errorf("make room for otdemo %s: %w", args[0], err)
	}
	addrFile := filepath.Join(dir, "addrs.json")
	running, err := child.Start(ctx, p.command(append(args, "--addr-file", addrFile)...))
	if err != nil {
		return nil, nil, err
	}
	addrs, err := waitAddrs(ctx, addrFile, running)
	if err != nil {
		return nil, nil, stopped(running, err)
	}
	return running, addrs, nil
}

// command is otdemo with these arguments, in a directory without a config.yaml.
func (p *programs) command(args ...string) process.Command {
	return process.Command{Path: p.otdemo, Args: args, Dir: p.dir}
}
