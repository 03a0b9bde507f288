package cmd

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/printable"
)

// logging holds the flags of the log on stderr.
type logging struct {
	level  enumFlag
	format enumFlag
}

func newLogging() logging {
	return logging{
		level:  newEnumFlag("info", "debug", "warn", "error"),
		format: newEnumFlag("text", "json"),
	}
}

func (l *logging) register(flags *pflag.FlagSet) {
	flags.Var(&l.level, "log-level", "minimum log `level`: debug, info, warn or error")
	flags.Var(&l.format, "log-format", "log `format`: text or json")
}

// logger returns a logger that writes to w, as the flags define. What log/slog leaves
// unquoted, such as the commands of CI runners, is made harmless.
func (l *logging) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level.String())); err != nil {
		level = slog.LevelInfo // not reached: the flag accepts known levels only
	}
	opts := &slog.HandlerOptions{Level: level}
	if l.format.String() == "json" {
		return slog.New(slog.NewJSONHandler(printable.JSONWriter(w), opts))
	}
	return slog.New(slog.NewTextHandler(printable.TextWriter(w), opts))
}

// quietLogger returns a logger for commands whose output is their answer: it logs
// warnings and errors to w, unless --log-level sets another level.
func (a *app) quietLogger(w io.Writer) *slog.Logger {
	quiet := a.logging
	if quiet.level.String() == "info" {
		quiet.level.value = "warn"
	}
	return quiet.logger(w)
}
