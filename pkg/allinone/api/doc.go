// Package api answers on Jaeger's port 16686: the query API v1 with the statuses,
// content types and bodies of Jaeger 1.62, /api/loss, and a plain page for people
// without Jaeger's UI. Start at Handler.
package api
