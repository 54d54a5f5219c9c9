// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// The endpoints of an issuer from which the jobs of build services get their tokens.
const (
	githubRoute    = "actions/idtoken"     // GitHub Actions, ACTIONS_ID_TOKEN_REQUEST_URL
	pipelinesRoute = "pipelines/oidctoken" // Azure Pipelines, SYSTEM_OIDCREQUESTURI
)

// jobAudience is that of the tokens by which a job proves to the issuer that it is the one.
const jobAudience = "job"

// Job is the environment of a job that an issuer vouches for as subject, of a GitHub workflow and of an Azure pipeline:
// where it asks for its assertions, and the token to ask with.
func (s *Server) Job(issuer, subject string) (map[string]string, error) {
	return s.job(issuer, s.URL(), subject)
}

func (s *Server) job(issuer, base, subject string) (map[string]string, error) {
	token, err := s.signAs(issuer, base, subject, jobAudience, jobLifetime)
	if err != nil {
		return nil, err
	}
	endpoint := base + issuerPath + issuer + "/"
	return map[string]string{
		// GitHub's URL has a query already, to which clients append "&audience=".
		"ACTIONS_ID_TOKEN_REQUEST_URL":   endpoint + githubRoute + "?api-version=2.0",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
		"SYSTEM_OIDCREQUESTURI":          endpoint + pipelinesRoute,
		"SYSTEM_ACCESSTOKEN":             token,
	}, nil
}

// jobSubject is the subject of the job whose token a request carries.
func (s *Server) jobSubject(r *http.Request, issuer string) (string, bool) {
	raw, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithAudience(jobAudience), jwt.WithTimeFunc(s.world.clock.Now))
	_, err := parser.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return &issuerSigner(issuer).key.PublicKey, nil })
	return text(claims, "sub"), found && err == nil
}

// serveGitHubToken answers as the token service of GitHub Actions (GitHub Docs: "OpenID Connect reference", "Methods for
// requesting the OIDC token").
func (s *Server) serveGitHubToken(w http.ResponseWriter, r *http.Request, issuer string) {
	audience := r.URL.Query().Get("audience")
	subject, known := s.jobSubject(r, issuer)
	if owner, _, found := strings.Cut(strings.TrimPrefix(subject, "repo:"), "/"); audience == "" && found {
		audience = "https://github.com/" + owner
	}
	s.serveAssertion(w, r, issuer, subject, audience, "value", known)
}

// servePipelinesToken answers as the token service of Azure Pipelines does for a service connection (Microsoft Learn:
// rest/api/azure/devops/distributedtask/oidctoken/create).
func (s *Server) servePipelinesToken(w http.ResponseWriter, r *http.Request, issuer string) {
	if r.URL.Query().Get("serviceConnectionId") == "" || r.URL.Query().Get("api-version") == "" {
		writeJSON(w, r, http.StatusBadRequest, map[string]any{"message": "serviceConnectionId and api-version are required"})
		return
	}
	subject, known := s.jobSubject(r, issuer)
	s.serveAssertion(w, r, issuer, subject, tokenExchangeAudience, "oidcToken", known)
}

func (s *Server) serveAssertion(w http.ResponseWriter, r *http.Request, issuer, subject, audience, member string, known bool) {
	if !known {
		writeJSON(w, r, http.StatusUnauthorized, map[string]any{"message": "the token of the job is missing or not valid"})
		return
	}
	assertion, err := s.assertion(issuer, baseURL(r), subject, audience)
	if err != nil {
		writeJSON(w, r, http.StatusInternalServerError, map[string]any{"message": err.Error()})
		return
	}
	writeJSON(w, r, http.StatusOK, map[string]any{member: assertion})
}

// controlIssuer is the part of the control plane that speaks for an outside issuer: it makes an assertion, or the
// environment of a job that can ask for assertions. It tells false for a path that is none of its own.
func (s *Server) controlIssuer(w http.ResponseWriter, r *http.Request) (map[string]func() (any, error), bool) {
	rest, found := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/_mock/issuers/")
	issuer, what, _ := strings.Cut(rest, "/")
	if !found || what != "token" && what != "job" {
		return nil, false
	}
	return map[string]func() (any, error){http.MethodPost: func() (any, error) {
		var wanted struct {
			Subject  string `json:"subject"`
			Audience string `json:"audience"`
		}
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&wanted); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading what to vouch for: %w", err)
		}
		if what == "job" {
			return s.job(issuer, baseURL(r), wanted.Subject)
		}
		assertion, err := s.assertion(issuer, baseURL(r), wanted.Subject, wanted.Audience)
		return map[string]any{"token": assertion}, err
	}}, true
}
