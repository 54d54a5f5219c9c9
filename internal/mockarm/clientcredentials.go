// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// entraTokenLifetime is that of a token got by secret or assertion; managed identities get longer ones.
const entraTokenLifetime = time.Hour

// assertionType is the only kind of client assertion that there is (RFC 7523, section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// serveToken answers the token endpoint of a tenant and returns the object ID of the principal that got a token. The old
// endpoint takes a resource where the newer one takes a scope.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request, tenant *Tenant, byResource bool) string {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		writeEntraError(w, r, s.world, entraError{http.StatusBadRequest, "invalid_request", 900144, "The request body is not a form."})
		return ""
	}
	// Only what the body says counts: a secret in a URL would end up in logs.
	form := func(name string) string { return r.PostForm.Get(name) }
	s.received.note(form("client_secret"), form("client_assertion"))
	if refused := grantRefusal(form); refused != nil {
		writeEntraError(w, r, s.world, *refused)
		return ""
	}
	answer, holder, refused := s.grant(form, tenant, baseURL(r), byResource)
	if refused != nil {
		writeEntraError(w, r, s.world, *refused)
		return ""
	}
	writeJSON(w, r, http.StatusOK, answer)
	return holder
}

// grant decides a request for a token, and returns the answer and who holds the token.
func (s *Server) grant(form func(string) string, tenant *Tenant, base string, byResource bool) (map[string]any, string, *entraError) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	principal, method, refused := s.authenticateClient(form, tenant, base)
	if refused != nil {
		return nil, "", refused
	}
	resource, refused := s.requestedResource(form, tenant, byResource)
	if refused != nil {
		return nil, "", refused
	}
	token, err := s.world.issue(principal, resource, entraTokenLifetime, method, "")
	if err != nil {
		return nil, "", &entraError{http.StatusInternalServerError, "server_error", 90033, "A token could not be signed."}
	}
	seconds := int(entraTokenLifetime.Seconds()) - 1
	answer := map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
	if byResource {
		answer["resource"] = resource
		answer["expires_on"] = strconv.FormatInt(s.world.clock.Now().Add(entraTokenLifetime).Unix(), 10)
	}
	return answer, principal.ObjectID, nil
}

// grantRefusal refuses a request that is not a client credentials grant (RFC 6749, section 4.4).
func grantRefusal(form func(string) string) *entraError {
	for _, name := range []string{"grant_type", "client_id"} {
		if form(name) == "" {
			return &entraError{
				http.StatusBadRequest, "invalid_request", 900144,
				fmt.Sprintf("The request body must contain the following parameter: '%s'.", name),
			}
		}
	}
	if grant := form("grant_type"); grant != "client_credentials" {
		return &entraError{
			http.StatusBadRequest, "unsupported_grant_type", 70003,
			fmt.Sprintf("The app requested an unsupported grant type '%s'.", grant),
		}
	}
	return nil
}

// authenticateClient finds the application and checks its proof. The caller holds the world's lock.
func (s *Server) authenticateClient(form func(string) string, tenant *Tenant, base string) (*Principal, authenticationMethod, *entraError) {
	principal := s.world.application(form("client_id"), tenant.ID)
	if principal == nil {
		return nil, "", &entraError{http.StatusBadRequest, "unauthorized_client", 700016, fmt.Sprintf(
			"Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been "+
				"installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your "+
				"authentication request to the wrong tenant.", form("client_id"), tenant.DisplayName)}
	}
	switch {
	case form("client_assertion") != "":
		if form("client_assertion_type") != assertionType {
			return nil, "", &entraError{
				http.StatusBadRequest, "invalid_request", 900144,
				"The request body must contain the following parameter: 'client_assertion_type'.",
			}
		}
		if refused := s.checkAssertion(principal, form("client_assertion"), base+"/"+tenant.ID); refused != nil {
			return nil, "", refused
		}
		return principal, byCertificate, nil
	case form("client_secret") != "":
		if principal.Secret == "" || subtle.ConstantTimeCompare([]byte(principal.Secret), []byte(form("client_secret"))) != 1 {
			return nil, "", &entraError{http.StatusUnauthorized, "invalid_client", 7000215, fmt.Sprintf(
				"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "+
					"client secret ID, for a secret added to app '%s'.", principal.AppID)}
		}
		return principal, bySecret, nil
	default:
		return nil, "", &entraError{
			http.StatusUnauthorized, "invalid_client", 7000218,
			"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
		}
	}
}

// requestedResource is what the token is for.
func (s *Server) requestedResource(form func(string) string, tenant *Tenant, byResource bool) (string, *entraError) {
	resource := form("resource")
	if !byResource {
		var suffixed bool
		for scope := range strings.FieldsSeq(form("scope")) {
			// MSAL adds the scopes of OpenID Connect to whatever it is asked for.
			if name, found := strings.CutSuffix(scope, "/.default"); found {
				resource, suffixed = name, true
			}
		}
		if !suffixed {
			return "", &entraError{http.StatusBadRequest, "invalid_scope", 1002012, fmt.Sprintf(
				"The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default "+
					"suffixed to the resource identifier (application ID URI).", form("scope"))}
		}
	}
	if resource == "" {
		return "", &entraError{
			http.StatusBadRequest, "invalid_request", 900144,
			"The request body must contain the following parameter: 'resource'.",
		}
	}
	if !s.knowsResource(resource) {
		refused := resourceUnknown(resource, tenant.DisplayName)
		return "", &refused
	}
	return resource, nil
}
