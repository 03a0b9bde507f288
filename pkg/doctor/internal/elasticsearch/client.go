package elasticsearch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// maxState bounds an answer about the state of a cluster. A year of daily
// indices makes some 100 kB.
const maxState = 4 << 20

// esClient asks one Elasticsearch or OpenSearch. It only reads: GET and HEAD. It
// may be used by several goroutines at once.
type esClient struct {
	http *http.Client
	// base has no user info.
	base           *url.URL
	user, password string
	userAgent      string
}

// esAnswer is what a server answered.
type esAnswer struct {
	status int
	// product is the header that Elasticsearch has sent since 7.14.
	product string
	// media is the content type without parameters.
	media    string
	location string
	body     []byte
}

func (a esAnswer) ok() bool { return a.status >= 200 && a.status < 300 }

// String is the answer as evidence.
func (a esAnswer) String() string {
	text := fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	if a.product != "" {
		text += ", X-elastic-product " + a.product
	}
	if a.media != "" {
		text += ", " + a.media
	}
	if len(a.body) > 0 {
		text += ": " + probe.Excerpt(a.body)
	}
	return text
}

// newESClient makes a client for base, whose user info is used when the storage
// has no user. The caller closes the client's idle connections.
func newESClient(env *probe.Env, base *url.URL) (*esClient, error) {
	tlsConfig, err := env.Storage.TLSConfig(env.ReadFile)
	if err != nil {
		return nil, err
	}
	c := &esClient{
		http: &http.Client{
			Transport: env.Recorded(&http.Transport{
				DialContext: env.Dial, TLSClientConfig: tlsConfig, TLSHandshakeTimeout: probe.NetworkTimeout,
			}),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		user: env.Storage.User, password: env.Storage.Password, userAgent: env.UserAgent,
	}
	if base.User != nil && c.user == "" {
		c.user = base.User.Username()
		c.password, _ = base.User.Password()
	}
	root := *base
	root.User, root.Path, root.RawPath = nil, strings.TrimRight(base.Path, "/"), ""
	c.base = &root
	return c, nil
}

func (c *esClient) close() { c.http.CloseIdleConnections() }

// do sends a request to a path below the base, with a query or an empty one.
func (c *esClient) do(ctx context.Context, method, path, query string) (esAnswer, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return esAnswer{}, err
	}
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return esAnswer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxState))
	if err != nil {
		return esAnswer{}, err
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	return esAnswer{
		status: resp.StatusCode, product: resp.Header.Get("X-Elastic-Product"), media: media,
		location: resp.Header.Get("Location"), body: body,
	}, nil
}

// esStatusError is an answer that is no success.
type esStatusError struct {
	path   string
	answer esAnswer
}

func (e *esStatusError) Error() string { return fmt.Sprintf("GET %s: %s", e.path, e.answer) }

// get reads JSON. The APIs about mappings and templates answer 404 with an
// empty object where there is nothing, which is no error here.
func (c *esClient) get(ctx context.Context, path, query string, into any) error {
	a, err := c.do(ctx, http.MethodGet, path, query)
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, probe.WithoutURL(err))
	}
	if !a.ok() && a.status != http.StatusNotFound {
		return &esStatusError{path, a}
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("GET %s: read the answer: %w", path, err)
	}
	return nil
}

// esRoot is the answer to GET /.
type esRoot struct {
	Version struct {
		Number       string `json:"number"`
		Distribution string `json:"distribution"`
	} `json:"version"`
	Tagline string `json:"tagline"`
}
