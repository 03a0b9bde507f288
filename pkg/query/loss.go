package query

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Loss is what the embedded backend (otdemo all-in-one) tells on /api/loss of the
// spans that it did not get or does not have any more. Counts are since it was
// started.
type Loss struct {
	SchemaVersion int `json:"schema_version"`
	// Started is when this backend was: another one has none of the spans of the
	// one before.
	Started time.Time   `json:"started"`
	Agent   AgentLoss   `json:"agent"`
	Store   StoreLoss   `json:"store"`
	Clients []LossyPeer `json:"clients"`
}

// AgentLoss counts datagrams that came to the agent's ports and carried no span
// into the store.
type AgentLoss struct {
	KernelDrops int64            `json:"kernel_drops"`
	Abandoned   int64            `json:"abandoned"`
	Undecodable map[string]int64 `json:"undecodable"`
}

// StoreLoss counts spans that came and are not kept.
type StoreLoss struct {
	Added   int64 `json:"spans_added"`
	Evicted int64 `json:"spans_evicted"`
	Refused int64 `json:"spans_refused"`
}

// LossyPeer is a tracer that the backend heard of, by its process tag client-uuid.
type LossyPeer struct {
	ID             string `json:"id"`
	Service        string `json:"service"`
	Batches        int64  `json:"batches"`
	Spans          int64  `json:"spans"`
	BatchesMissing int64  `json:"batches_missing"`
	BatchesBefore  int64  `json:"batches_before"`
}

// Loss reads the embedded backend's account of losses. From any other Jaeger the
// error is one for which IsMissingPath holds.
func (c *Client) Loss(ctx context.Context) (Loss, error) {
	resp, err := c.get(ctx, c.base.JoinPath("api", "loss"))
	if err != nil {
		return Loss{}, err
	}
	defer resp.close()
	if resp.Status != http.StatusOK || !resp.looksJSON() {
		return Loss{}, resp.unexpected("")
	}
	var loss Loss
	if err := json.NewDecoder(resp.body).Decode(&loss); err != nil {
		return Loss{}, resp.decodeError(err)
	}
	if loss.SchemaVersion == 0 {
		return Loss{}, resp.unexpected(`it has no "schema_version"`)
	}
	return loss, nil
}
