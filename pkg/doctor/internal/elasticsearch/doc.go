// Package elasticsearch examines the Elasticsearch or OpenSearch that Jaeger writes
// to. Start at Probe.
package elasticsearch
