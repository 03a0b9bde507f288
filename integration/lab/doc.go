// Package lab breaks things for real: machines of their own with a network, a
// firewall and a resolver, and servers that stand where Jaeger should be. Start
// at NewMachine for what needs a network, and at the fronts, such as Page, for
// what one address that answers wrongly can show.
package lab
