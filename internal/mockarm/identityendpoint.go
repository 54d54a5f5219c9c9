// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// An identityEndpoint gives out tokens of a machine's identities, by the protocol of a kind of host.
type identityEndpoint struct {
	identityProtocol

	server    *Server
	machineID string
	host      IdentityHost
	secret    string
	keys      *arcKeys // of an Arc server
}

// ServeHTTP implements [http.Handler].
func (e identityEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.server.record(w, r, RequestKind(e.host), func() string { return e.machineID }, func(w http.ResponseWriter) string {
		if !strings.EqualFold(strings.TrimSuffix(r.URL.Path, "/"), e.path) {
			writeJSON(w, r, http.StatusNotFound, map[string]any{"error": "Not found"})
			return e.machineID
		}
		query, why := e.admit(r)
		if why == "" && e.keys != nil {
			if r.Header.Get("Authorization") == "" {
				e.keys.challenge(w, r)
				return e.machineID
			}
			if !e.keys.redeem(r.Header.Get("Authorization")) {
				why = wrongSecret
			}
		}
		var token map[string]any
		if why == "" {
			token, why = e.issue(query)
		}
		if why != "" {
			status, code, message := e.words(why)
			writeJSON(w, r, status, e.body(status, code, message))
			return e.machineID
		}
		writeJSON(w, r, http.StatusOK, token)
		return e.machineID
	})
}

// admit checks whether a request is one of the process's own, and returns its parameters.
func (e identityEndpoint) admit(r *http.Request) (url.Values, refusal) {
	switch {
	case r.Method != e.method:
		return nil, wrongMethod
	case e.metadata && (!strings.EqualFold(r.Header.Get("Metadata"), "true") || len(r.Header.Values("X-Forwarded-For")) > 0):
		return nil, noMetadata
	case e.secretHeader != "" && r.Header.Get(e.secretHeader) == "":
		return nil, noSecret
	case e.secretHeader != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get(e.secretHeader)), []byte(e.secret)) != 1:
		return nil, wrongSecret
	}
	query := r.URL.Query()
	if e.method == http.MethodPost {
		if r.ParseForm() != nil {
			return nil, noResource
		}
		query = r.PostForm
	}
	switch {
	case e.version != "" && query.Get("api-version") != e.version:
		return nil, wrongVersion
	case query.Get("resource") == "":
		return nil, noResource
	}
	return query, ""
}

// issue makes a token of the identity that a request chooses.
func (e identityEndpoint) issue(query url.Values) (map[string]any, refusal) {
	w, resource := e.server.world, query.Get("resource")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	h := w.host(e.machineID)
	if h == nil {
		return nil, noIdentity // The app is gone.
	}
	chosen := e.selection(query)
	if e.host == ArcHost && w.settings.LegacyArcAgent {
		chosen = nil
	}
	if len(chosen) == 0 && e.onlySystemAssigned && (h.SystemAssigned == nil || !w.arrived(h.SystemAssigned.Since)) {
		return nil, noIdentity
	}
	principal, why := w.chooseIdentity(h, chosen)
	switch {
	case why == selectorsAmbiguous:
		return nil, twoSelectors
	case why != "" && len(chosen) > 0:
		return nil, noSuchIdentity
	case why != "":
		return nil, noIdentity
	case !e.server.knowsResource(resource):
		return nil, wrongResource
	}
	token, err := w.issue(principal, resource, e.lifetime, byCertificate, h.ID)
	if err != nil {
		return nil, noToken
	}
	answer := e.token(w, token, principal, resource, e.lifetime)
	if e.host == ArcHost {
		// The agent says which identity it took, since older ones ignore the question.
		for name := range chosen {
			answer[name] = chosen.Get(name)
		}
	}
	return answer, ""
}

// selection is what a request chooses an identity by, in the terms of IMDS. An empty value chooses nothing here, other than
// there: Azure ML's clients always send one.
func (e identityEndpoint) selection(query url.Values) url.Values {
	chosen := url.Values{}
	for name, own := range e.selectors {
		if value := query.Get(name); value != "" {
			chosen.Set(own, value)
		}
	}
	return chosen
}
