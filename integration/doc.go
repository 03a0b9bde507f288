// Package integration proves the otdemo program, as users run it, against real
// Jaegers: no fake of a backend stands in these tests. They need the Jaegers and
// the clients of others that "go run ./buildjaeger" builds once;
// "make integration" does both.
package integration
