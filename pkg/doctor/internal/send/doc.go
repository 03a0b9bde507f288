// Package send sends one hand-made span by each protocol that a backend receives.
// Start at Protocols.
package send
