// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// isEntra tells whether a path is one of Microsoft Entra's, which in Azure has a host of its own. They begin with a tenant.
func isEntra(segments []string) bool {
	return hasFold(segments, 1, "v2.0") || hasFold(segments, 1, ".well-known") || hasFold(segments, 1, "oauth2") ||
		hasFold(segments, 1, "discovery")
}

// serveEntra answers as login.microsoftonline.com, and returns who asked for a token.
func (s *Server) serveEntra(w http.ResponseWriter, r *http.Request, segments []string) string {
	tenant, base := segments[0], baseURL(r)
	route := strings.ToLower(strings.Join(segments[1:], "/"))
	if route == "discovery/instance" {
		writeJSON(w, r, http.StatusOK, instanceDiscovery(r))
		return ""
	}
	found := s.world.findTenant(tenant)
	if found == nil {
		writeEntraError(w, r, s.world, tenantNotFound(tenant))
		return ""
	}
	var document any
	method := http.MethodGet
	switch route {
	case "v2.0/.well-known/openid-configuration":
		document = openIDConfiguration(base, found.ID, "/v2.0", base+"/"+found.ID+"/v2.0")
	case ".well-known/openid-configuration":
		document = openIDConfiguration(base, found.ID, "", issuerOf(found.ID))
	case "discovery/v2.0/keys", "discovery/keys":
		document = tokenSigner().jwks()
	case "oauth2/v2.0/token", "oauth2/token":
		method = http.MethodPost
	default:
		writeEntraError(w, r, s.world, entraError{http.StatusNotFound, "invalid_request", 90002, "The requested endpoint does not exist."})
		return ""
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		writeEntraError(w, r, s.world, entraError{
			http.StatusMethodNotAllowed, "invalid_request", 900561,
			fmt.Sprintf("The endpoint only accepts %s requests. Received a %s request.", method, r.Method),
		})
		return ""
	}
	if method == http.MethodPost {
		return s.serveToken(w, r, found, route == "oauth2/token")
	}
	writeJSON(w, r, http.StatusOK, document)
	return ""
}

// openIDConfiguration is a tenant's metadata document (OpenID Connect Discovery 1.0). version is "/v2.0" or "".
func openIDConfiguration(base, tenantID, version, issuer string) map[string]any {
	tenant := base + "/" + tenantID
	return map[string]any{
		"issuer":                 issuer,
		"authorization_endpoint": tenant + "/oauth2" + version + "/authorize",
		"token_endpoint":         tenant + "/oauth2" + version + "/token",
		"jwks_uri":               tenant + "/discovery" + version + "/keys",
		"token_endpoint_auth_methods_supported": []string{
			"client_secret_post", "private_key_jwt",
		},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "nbf", "tid", "oid", "appid", "ver"},
		"tenant_region_scope":                   "NA",
		"cloud_instance_name":                   "microsoftonline.com",
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          "graph.microsoft.com",
		"rbac_url":                              "https://pas.windows.net",
	}
}

// instanceDiscovery vouches for the authority that the client asks from, and for no other.
func instanceDiscovery(r *http.Request) map[string]any {
	endpoint := r.URL.Query().Get("authorization_endpoint")
	tenant := "common"
	if rest, found := strings.CutPrefix(endpoint, baseURL(r)+"/"); found {
		tenant, _, _ = strings.Cut(rest, "/")
	}
	return map[string]any{
		"tenant_discovery_endpoint": baseURL(r) + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host},
		}},
	}
}

// An entraError is an error of the token endpoint, with its AADSTS number (Microsoft Learn:
// identity-platform/reference-error-codes).
type entraError struct {
	status      int
	code        string // of RFC 6749
	number      int
	description string
}

func tenantNotFound(tenant string) entraError {
	return entraError{http.StatusBadRequest, "invalid_request", 90002, fmt.Sprintf(
		"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "+
			"Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", tenant)}
}

func resourceUnknown(resource, tenant string) entraError {
	return entraError{http.StatusBadRequest, "invalid_resource", 500011, fmt.Sprintf(
		"The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been "+
			"installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your "+
			"authentication request to the wrong tenant.", resource, tenant)}
}

func writeEntraError(w http.ResponseWriter, r *http.Request, world *World, e entraError) {
	correlation := r.Header.Get("client-request-id")
	if uuid.Validate(correlation) != nil {
		correlation = newGUID()
	}
	trace, stamp := newGUID(), world.clock.Now().Format("2006-01-02 15:04:05Z")
	writeJSON(w, r, e.status, map[string]any{
		"error": e.code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.number, e.description, trace, correlation, stamp),
		"error_codes":    []int{e.number},
		"timestamp":      stamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number),
	})
}
