// Package identitytest makes outcomes of the identity probe for tests. Start at
// JaegerOn.
package identitytest
