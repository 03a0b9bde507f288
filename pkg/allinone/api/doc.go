// Package api answers on Jaeger's port 16686: the query API v1 with the statuses,
// content types and bodies of Jaeger 1.62, API v3 with those of Jaeger 2,
// /api/loss, and otdemo's page, or a Jaeger UI in its place. Start at Handler, or
// at NewProxy for the page on a Jaeger elsewhere; docs/all-in-one.md has the paths
// and how they differ from Jaeger's.
package api
