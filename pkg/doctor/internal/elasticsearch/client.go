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

// maxState bounds a response about the state of a cluster. A year of daily
// indices makes some 100 kB.
const maxState = 4 << 20

// client queries one Elasticsearch or OpenSearch. It only reads: GET and HEAD.
// It may be used by several goroutines at once.
type client struct {
	http *http.Client
	// base has no user info.
	base           *url.URL
	user, password string
	userAgent      string
}

// response is what a server answered.
type response struct {
	status int
	// product is the header that Elasticsearch has sent since 7.14.
	product string
	// media is the content type without parameters.
	media    string
	location string
	body     []byte
}

func (a response) ok() bool { return a.status >= 200 && a.status < 300 }

// String returns the response as evidence.
func (a response) String() string {
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

// newClient makes a client for base, whose user info is used when the storage
// has no user. The caller closes the client's idle connections.
func newClient(env *probe.Env, base *url.URL) (*client, error) {
	tlsConfig, err := env.Storage.TLSConfig(env.ReadFile)
	if err != nil {
		return nil, err
	}
	c := &client{
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

func (c *client) close() { c.http.CloseIdleConnections() }

// do sends a request to a path below the base, with a query or an empty one.
func (c *client) do(ctx context.Context, method, path, query string) (response, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return response{}, err
	}
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxState))
	if err != nil {
		return response{}, err
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	return response{
		status: resp.StatusCode, product: resp.Header.Get("X-Elastic-Product"), media: media,
		location: resp.Header.Get("Location"), body: body,
	}, nil
}

// statusError is a response that is not a success.
type statusError struct {
	path     string
	response response
}

func (e *statusError) Error() string { return fmt.Sprintf("GET %s: %s", e.path, e.response) }

// get reads JSON. The APIs about mappings and templates return 404 with an
// empty object if there is nothing, which is not an error here.
func (c *client) get(ctx context.Context, path, query string, into any) error {
	a, err := c.do(ctx, http.MethodGet, path, query)
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, probe.WithoutURL(err))
	}
	if !a.ok() && a.status != http.StatusNotFound {
		return &statusError{path, a}
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("GET %s: read the response: %w", path, err)
	}
	return nil
}

// rootResponse is the response to GET /.
type rootResponse struct {
	Version struct {
		Number       string `json:"number"`
		Distribution string `json:"distribution"`
	} `json:"version"`
	Tagline string `json:"tagline"`
}
