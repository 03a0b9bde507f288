// Package integration proves the otdemo program, as users run it, against real
// Jaegers, a real Zipkin and a real Appdash: no fake of a backend stands in these
// tests. They need the Jaegers, Appdash and the clients of others that
// "go run ./buildjaeger" builds once, and the Zipkin that
// "go run ./buildstores zipkin-server" fetches; "make integration" does it all.
package integration
