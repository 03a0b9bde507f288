// Package docker runs a real Docker engine for a test, with a network of its own,
// so that containers publish Jaeger's usual ports whatever else this machine runs.
// Its images are made from scratch around the Jaegers of package jaegers, since no
// registry is within reach. Start at NewEngine.
package docker
