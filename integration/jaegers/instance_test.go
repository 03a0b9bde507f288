package jaegers

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	t.Parallel()
	for _, r := range Releases() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			j := Start(t, r)
			t.Logf("ready after %s", j.StartedIn.Round(time.Millisecond))

			if got, want := get(t, j.QueryURL+"/api/services"), `{"data":null,"total":0,"limit":0,"offset":0,"errors":null}`; got != want {
				t.Errorf("services of a fresh jaeger: got %s, want %s", got, want)
			}
			wantStrategy := map[string]string{
				"1.62": `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}`,
				"2.13": `{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`,
			}[r.Name]
			if got := get(t, j.SamplingURL+"?service=any"); got != wantStrategy {
				t.Errorf("sampling strategy: got %s, want %s", got, wantStrategy)
			}

			stopped := time.Now()
			if err := j.Stop(); err != nil {
				t.Errorf("stop: got %v, want exit status 0", err)
			}
			t.Logf("stopped after %s", time.Since(stopped).Round(time.Millisecond))
			// Its port can be had again only when no process holds it any longer.
			conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", j.AgentHostPort)
			if err != nil {
				t.Fatalf("the agent's port after the stop: %v", err)
			}
			conn.Close()
		})
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
