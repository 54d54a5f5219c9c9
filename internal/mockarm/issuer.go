// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assertionLifetime is that of the assertions that GitHub gives to its jobs, and jobLifetime how long a job may run there and
// ask for them.
const (
	assertionLifetime = 5 * time.Minute
	jobLifetime       = 6 * time.Hour
)

// issuerName is what the name of an outside issuer may be.
var issuerName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// repositoryIDs finds the IDs in an immutable subject of GitHub's, whose tokens have them as claims of their own as well
// (GitHub Docs: actions/reference/security/oidc). A subject by names alone does not tell them.
var repositoryIDs = regexp.MustCompile(`^repo:[^/:@]+@(\d+)/[^/:@]+@(\d+):`)

// issuerSigners are the keys of outside issuers by their names, one for each in a process, as [tokenSigner] is for Entra.
var issuerSigners sync.Map

// issuerSigner is the key of an outside issuer.
func issuerSigner(name string) signer {
	made, _ := issuerSigners.LoadOrStore(name, sync.OnceValue(newSigner))
	of, isSigner := made.(func() signer)
	if !isSigner {
		panic("mockarm: the key of an issuer is none") // Cannot happen: nothing else is stored.
	}
	return of()
}

// issuerURL is the URL that the seed gives to an outside issuer, "" if it gives none.
func (w *World) issuerURL(name string) string {
	for url, known := range w.issuers {
		if known == name {
			return url
		}
	}
	return ""
}

// issuerPath is where the mock hosts its issuers.
const issuerPath = "/_issuer/"

// urlOfIssuer is the "iss" of an issuer's assertions. base is how the caller reaches the mock.
func (s *Server) urlOfIssuer(name, base string) string {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	if url := s.world.issuerURL(name); url != "" {
		return url
	}
	return base + issuerPath + name
}

// keyOfIssuer is the key that the assertions of an issuer are signed with, from what its OpenID configuration leads to. It
// is nil for an issuer that the mock does not host, which Entra cannot reach. The caller holds the world's lock.
func (s *Server) keyOfIssuer(url string) any {
	name := s.world.issuers[url]
	if base, own, found := strings.Cut(url, issuerPath); name == "" && found && s.isOwnURL(base) && s.world.issuerURL(own) == "" {
		name = own
	}
	if !issuerName.MatchString(name) {
		return nil
	}
	return &issuerSigner(name).key.PublicKey
}

// Assertion has an issuer that the mock hosts vouch for a subject, to an audience: it is what a job of a build service, or
// a pod of a cluster, exchanges for the token of an identity. The audience is api://AzureADTokenExchange if it is empty.
func (s *Server) Assertion(issuer, subject, audience string) (string, error) {
	return s.assertion(issuer, s.URL(), subject, audience)
}

func (s *Server) assertion(issuer, base, subject, audience string) (string, error) {
	if audience == "" {
		audience = tokenExchangeAudience
	}
	return s.signAs(issuer, base, subject, audience, assertionLifetime)
}

// signAs signs a token of an issuer.
func (s *Server) signAs(issuer, base, subject, audience string, lifetime time.Duration) (string, error) {
	if !issuerName.MatchString(issuer) {
		return "", fmt.Errorf("making an assertion: %q is not the name of an issuer", issuer)
	}
	if subject == "" {
		return "", errors.New("making an assertion: it needs a subject")
	}
	now := s.world.clock.Now()
	claims := jwt.MapClaims{
		"iss": s.urlOfIssuer(issuer, base), "sub": subject, "aud": audience, "jti": newGUID(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
	if ids := repositoryIDs.FindStringSubmatch(subject); ids != nil {
		claims["repository_owner_id"], claims["repository_id"] = ids[1], ids[2]
	}
	token, err := issuerSigner(issuer).sign(claims)
	if err != nil {
		return "", fmt.Errorf("signing an assertion of %q: %w", issuer, err)
	}
	return token, nil
}

// isIssuer tells whether a path is one of an outside issuer's.
func isIssuer(segments []string) bool { return hasFold(segments, 0, strings.Trim(issuerPath, "/")) }

// serveIssuer answers as an outside issuer: its OpenID configuration and keys (OpenID Connect Discovery 1.0), and the
// endpoints from which jobs get their tokens.
func (s *Server) serveIssuer(w http.ResponseWriter, r *http.Request, segments []string) {
	if len(segments) < 2 || !issuerName.MatchString(segments[1]) {
		writeJSON(w, r, http.StatusNotFound, map[string]any{"message": "there is no such issuer"})
		return
	}
	name, base := segments[1], baseURL(r)
	switch route := r.Method + " " + strings.Join(segments[2:], "/"); route {
	case "GET .well-known/openid-configuration":
		writeJSON(w, r, http.StatusOK, map[string]any{
			"issuer":                                s.urlOfIssuer(name, base),
			"jwks_uri":                              base + issuerPath + name + "/jwks",
			"subject_types_supported":               []string{"public", "pairwise"},
			"response_types_supported":              []string{"id_token"},
			"claims_supported":                      []string{"sub", "aud", "exp", "iat", "iss", "jti", "nbf"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"scopes_supported":                      []string{"openid"},
		})
	case "GET jwks":
		writeJSON(w, r, http.StatusOK, issuerSigner(name).jwks())
	case "GET " + githubRoute:
		s.serveGitHubToken(w, r, name)
	case "POST " + pipelinesRoute:
		s.servePipelinesToken(w, r, name)
	default:
		writeJSON(w, r, http.StatusNotFound, map[string]any{"message": "an issuer has .well-known/openid-configuration, jwks, " + githubRoute + " and " + pipelinesRoute})
	}
}
