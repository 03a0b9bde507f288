package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// maxState bounds a response about the state of a cluster. A year of daily
// indices makes some 100 kB.
const maxState = 4 << 20

// client queries one Elasticsearch or OpenSearch. It only reads: GET and HEAD.
// It may be used by several goroutines at once.
type client struct {
	env  *probe.Env
	http *http.Client
	// base has no user info.
	base           *url.URL
	user, password string
}

// newClient makes a client for base, whose user info is used when the storage
// has no user. The caller closes the client's idle connections.
func newClient(env *probe.Env, base *url.URL) (*client, error) {
	tlsConfig, err := env.Storage.TLSConfig(env.ReadFile)
	if err != nil {
		return nil, err
	}
	root := *base
	root.User, root.Path, root.RawPath = nil, strings.TrimRight(base.Path, "/"), ""
	c := &client{env: env, http: env.ClientWith(tlsConfig), base: &root, user: env.Storage.User, password: env.Storage.Password}
	if base.User != nil && c.user == "" {
		c.user = base.User.Username()
		c.password, _ = base.User.Password()
	}
	return c, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

func (c *client) do(ctx context.Context, method, path, query string) (*probe.Fetched, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	return probe.Send(c.http, c.env, req, maxState)
}

func succeeds(a *probe.Fetched) bool { return a.Status >= 200 && a.Status < 300 }

// reader reads the state of a cluster for one check. After an error it reads only
// zero values, and what the check makes of these does not count.
type reader struct {
	*client
	ctx context.Context
	err error
}

// read returns the JSON at a path. The APIs about mappings and templates return
// 404 with an empty object if there is nothing, which is not an error here.
func read[T any](r *reader, path, query string) (value T) {
	if r.err != nil {
		return value
	}
	a, err := r.do(r.ctx, http.MethodGet, path, query)
	switch {
	case err != nil:
		r.err = fmt.Errorf("GET %s: %w", path, probe.WithoutURL(err))
	case !succeeds(a) && a.Status != http.StatusNotFound:
		r.err = fmt.Errorf("GET %s: %s", path, a.Outcome())
	default:
		if err := json.Unmarshal(a.Body, &value); err != nil {
			r.err = fmt.Errorf("GET %s: read the response: %w", path, err)
		}
	}
	return value
}
