package queryapi

import (
	"context"
	"net/url"
	"regexp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/query"
)

var (
	// loginForm is in a page that wants a person to log in.
	loginForm = regexp.MustCompile(`(?i)type=["']?password|<title>[^<]*(log ?in|sign ?in|single sign-on)`)
	// loginPath matches where proxies redirect requests without a session.
	loginPath = regexp.MustCompile(`(?i)[/.](login|signin|sign_in|sso|auth|oauth2?|openid-connect)\b`)
)

func looksLikeLogin(page string) bool { return loginForm.MatchString(page) }

// loginRequired is the finding for a proxy that lets only people pass.
func loginRequired(base *url.URL, what string) probe.Finding {
	return probe.Found(probe.StatusFail, codeLogin, "%s returned %s: a proxy in front of Jaeger requires a login", probe.Bare(base), what).
		Hint("--query-url "+probe.WithPort(base, probe.PortUI)+" (past the proxy)",
			"--query-url "+base.Scheme+"://USER:PASSWORD@"+base.Host+base.Path+" (if it accepts a password)")
}

// answersAt reports whether the query API is under another path of base.
func answersAt(ctx context.Context, env *probe.Env, base *url.URL, path string) bool {
	guess := *base
	guess.Path, guess.RawPath = path, ""
	client, err := query.New(guess.String(), query.Options{HTTP: env.HTTPClient(), UserAgent: env.UserAgent})
	if err != nil {
		return false
	}
	defer client.Close()
	_, err = client.Services(ctx)
	return err == nil
}
