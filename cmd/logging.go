package cmd

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/printable"
)

// logging holds the flags that shape the log on stderr.
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
	flags.Var(&l.level, "log-level", "log from this `level` on: debug, info, warn or error")
	flags.Var(&l.format, "log-format", "write the log as `form` text or json")
}

// logger returns a logger that writes to w, as the flags define. log/slog quotes what is
// not printable, in texts only and without a thought of CI runners.
func (l *logging) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level.String())); err != nil {
		level = slog.LevelInfo // not reached: the flag takes known levels only
	}
	opts := &slog.HandlerOptions{Level: level}
	if l.format.String() == "json" {
		return slog.New(slog.NewJSONHandler(printable.JSONWriter(w), opts))
	}
	return slog.New(slog.NewTextHandler(printable.TextWriter(w), opts))
}

// quietLogger is for commands whose answer is all that a user wants to see: it
// logs to w from warnings on, unless --log-level sets another level.
func (a *app) quietLogger(w io.Writer) *slog.Logger {
	quiet := a.logging
	if quiet.level.String() == "info" {
		quiet.level.value = "warn"
	}
	return quiet.logger(w)
}
