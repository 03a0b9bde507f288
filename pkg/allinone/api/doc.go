// Package api answers on Jaeger's port 16686: the query API v1 with the statuses,
// content types and bodies of Jaeger 1.62, API v3 with those of Jaeger 2,
// /api/loss, and a plain page for people without Jaeger's UI, or that UI. Start at
// Handler; docs/all-in-one.md has the paths and how they differ from Jaeger's.
package api
