package jaegers

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// interruptGrace is how long the go command may take to clean up after ctx has
// ended.
const interruptGrace = 5 * time.Second

// Build makes sure that the cache holds p and returns the program's path. What is
// there is not built again; a build that fails or is interrupted leaves nothing
// there. The first build takes minutes and a few GB of module and build cache;
// it needs the go command and a module proxy, so tests leave it to buildjaeger.
func Build(ctx context.Context, p Program, logger *slog.Logger) (string, error) {
	path, err := p.Path()
	if _, missing := errors.AsType[*MissingError](err); !missing {
		return path, err
	}
	path, err = p.cachePath()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("make the cache for %s: %w", p.Name, err)
	}
	// Beside its final place, so that the rename at the end cannot be seen half
	// done, not even by a build of the same program next to this one.
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-*")
	if err != nil {
		return "", fmt.Errorf("make room to build %s: %w", p.Name, err)
	}
	defer os.RemoveAll(dir)

	logger.InfoContext(ctx, "building a program, which takes minutes the first time",
		"program", p.Name, "module", p.Module+"@"+p.Version)
	started := time.Now()
	source, err := p.source(ctx, dir)
	if err != nil {
		return "", err
	}
	// "go install" of a package at a version refuses modules that replace others,
	// as Jaeger's do; a build inside the module's own directory does not.
	built := filepath.Join(dir, p.file)
	if _, err := goCommand(ctx, source, "build", "-trimpath", "-o", built, p.mainPackage); err != nil {
		return "", fmt.Errorf("build %s: %w", p.Name, err)
	}
	if err := os.Rename(built, path); err != nil {
		return "", fmt.Errorf("put %s into the cache: %w", p.Name, err)
	}
	logger.InfoContext(ctx, "built a program", "program", p.Name,
		"path", path, "elapsed", time.Since(started).Round(time.Second))
	return path, nil
}

// source returns the directory in which p is built.
func (p Program) source(ctx context.Context, dir string) (string, error) {
	if p.ownModule {
		if err := p.writeModule(dir); err != nil {
			return "", fmt.Errorf("write a module for %s: %w", p.Name, err)
		}
		return dir, nil
	}
	source, err := download(ctx, dir, p.Module+"@"+p.Version)
	if err != nil {
		return "", fmt.Errorf("download %s: %w", p.Name, err)
	}
	return source, nil
}

// modules are the modules of programs that have none which builds. A directory with
// a go.mod could not be embedded.
//
//go:embed modules
var modules embed.FS

// writeModule makes dir a module that requires p, with the checksum of all that p
// is built from.
func (p Program) writeModule(dir string) error {
	for _, kind := range []string{"mod", "sum"} {
		text, err := modules.ReadFile("modules/" + p.file + "." + kind)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "go."+kind), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// download returns the directory of a module's source in the module cache. It works
// in dir, which belongs to no module that the go command could change.
func download(ctx context.Context, dir, moduleVersion string) (string, error) {
	out, err := goCommand(ctx, dir, "mod", "download", "-json", moduleVersion)
	// On failure too, the answer tells more than the exit status.
	var answer struct{ Dir, Error string }
	if decodeErr := json.Unmarshal(out, &answer); decodeErr != nil {
		return "", errors.Join(err, decodeErr)
	}
	if answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	return answer.Dir, err
}

// goCommand runs the go command in dir and returns what it printed on stdout.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}
