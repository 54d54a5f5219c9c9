// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// imdsTokenPath is where a machine gets tokens.
const imdsTokenPath = "/metadata/identity/oauth2/token"

// imdsTokenLifetime is that of a managed identity's token (Microsoft Learn: managed-identities-faq).
const imdsTokenLifetime = 24 * time.Hour

// imdsVersions are the API versions of the service (Microsoft Learn: instance-metadata-service, "Supported API versions").
var imdsVersions = []string{
	"2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01", "2018-04-02", "2018-10-01",
	"2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01", "2019-08-15", "2019-11-01",
	"2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01",
	"2021-05-01", "2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15", "2024-03-15",
	"2024-07-17", "2025-04-07",
}

// firstIdentityVersion is the oldest API version that the identity endpoints take.
const firstIdentityVersion = "2018-02-01"

// An imds is the instance metadata service of one machine, or that which the instances of a scale set have in common.
type imds struct {
	server    *Server
	machineID string
}

// imdsHandler serves the IMDS of a machine, whether or not there is such a machine at the time of a request.
func (s *Server) imdsHandler(machineID string) http.Handler {
	service := imds{server: s, machineID: machineID}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Under way is also what a fault delays.
		underWay, leave := s.crowd.enter(limitOf(r, machineID).bucket())
		defer leave()
		s.record(w, r, IMDSRequest, func() string { return machineID }, func(w http.ResponseWriter) string {
			w.Header().Set("Server", "IMDS/150.870.65.1015")
			status, body := service.answer(r, underWay)
			if leaf, isText := body.(plainText); isText {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				send(w, r, status, []byte(leaf))
				return machineID
			}
			writeJSON(w, r, status, body)
			return machineID
		})
	})
}

// plainText is a body that is not JSON.
type plainText string

// imdsError is the form of errors of the identity endpoints.
func imdsError(code, description string) map[string]any {
	return map[string]any{"error": code, "error_description": description}
}

// answer decides a request, with the checks in the service's order: header first, then the rest. underWay is how many
// requests of its kind the machine has under way.
func (i imds) answer(r *http.Request, underWay int) (int, any) {
	// Behind HTTP_PROXY a request comes in absolute form. Only what is meant for the service is answered: this is no proxy.
	if host := r.URL.Hostname(); host != "" && host != imdsAddress && !isLoopback(host) {
		return http.StatusForbidden, imdsError("forbidden", "This is an instance metadata service, not a proxy.")
	}
	if !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		return http.StatusBadRequest, imdsError("invalid_request", "Required metadata header not specified")
	}
	// Whoever has this header comes through a proxy, and so perhaps from outside of the machine.
	if len(r.Header.Values("X-Forwarded-For")) > 0 {
		return http.StatusBadRequest, imdsError("invalid_request", "X-Forwarded-For header is not allowed in the request")
	}
	if refusal := i.throttled(limitOf(r, i.machineID), underWay); refusal != nil {
		return http.StatusTooManyRequests, refusal
	}
	path := imdsPath(r)
	instance, isInstance := strings.CutPrefix(path, "/metadata/instance")
	isInstance = isInstance && (instance == "" || strings.HasPrefix(instance, "/"))
	isIdentity := isIdentityPath(path)
	if !isInstance && !isIdentity && path != "/metadata/versions" {
		return http.StatusNotFound, map[string]any{"error": "Not found"}
	}
	if r.Method != http.MethodGet {
		return http.StatusMethodNotAllowed, map[string]any{"error": "Method not allowed"}
	}
	if path == "/metadata/versions" {
		return http.StatusOK, map[string]any{"apiVersions": imdsVersions}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return http.StatusBadRequest, imdsError("invalid_request", "The query string is malformed")
	}
	for name, values := range query {
		if len(values) > 1 {
			return http.StatusBadRequest, imdsError("invalid_request", fmt.Sprintf("Query parameter '%s' is specified more than once", name))
		}
	}
	if refusal := versionRefusal(query.Get("api-version"), isIdentity); refusal != nil {
		return http.StatusBadRequest, refusal
	}
	return i.serve(path, instance, query)
}

// serve answers a request that is in order, for the machine as it is now.
func (i imds) serve(path, instance string, query url.Values) (int, any) {
	w := i.server.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	h := w.host(i.machineID)
	subscription := (*Subscription)(nil)
	if h != nil {
		subscription = w.subscriptions[key(h.SubscriptionID)]
	}
	switch {
	case subscription == nil:
		return http.StatusNotFound, map[string]any{"error": "Not found"} // The machine is gone, and its IMDS with it.
	case path == imdsTokenPath:
		return i.token(h, w.tenants[key(subscription.TenantID)], query)
	case path == "/metadata/identity/info":
		return http.StatusOK, map[string]any{"tenantId": subscription.TenantID}
	default:
		return readInstance(w.instanceDocument(h), instance, query.Get("format"))
	}
}

// imdsPath is a path in one spelling.
func imdsPath(r *http.Request) string {
	return strings.ToLower(strings.TrimSuffix(r.URL.Path, "/"))
}

func isIdentityPath(path string) bool {
	return path == imdsTokenPath || path == "/metadata/identity/info"
}

// versionRefusal refuses an API version that the service does not have.
func versionRefusal(version string, isIdentity bool) any {
	newest := slices.Clone(imdsVersions[len(imdsVersions)-3:])
	slices.Reverse(newest)
	switch {
	case version == "":
		return map[string]any{
			"error":           "Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds",
			"newest-versions": newest,
		}
	case !slices.Contains(imdsVersions, version) || isIdentity && version < firstIdentityVersion:
		return map[string]any{
			"error":           "Bad request. api-version is invalid or not supported. For more information refer to aka.ms/azureimds",
			"newest-versions": newest,
		}
	default:
		return nil
	}
}

// token issues an access token to the machine.
func (i imds) token(h *Host, tenant *Tenant, query url.Values) (int, any) {
	w, resource := i.server.world, query.Get("resource")
	if resource == "" {
		return http.StatusBadRequest, imdsError("invalid_request", "Required query variable 'resource' is missing")
	}
	principal, refusal := w.chooseIdentity(h, query)
	if refusal != "" {
		return http.StatusBadRequest, imdsError("invalid_request", refusal)
	}
	if !i.server.knowsResource(resource) {
		return http.StatusBadRequest, imdsError("invalid_resource", w.resourceRefusal(resource, tenant))
	}
	token, err := w.issue(principal, resource, imdsTokenLifetime, byCertificate, h.ID)
	if err != nil {
		return http.StatusInternalServerError, imdsError("unknown", "Failed to retrieve token from the Active directory")
	}
	return http.StatusOK, w.imdsToken(token, principal, resource)
}

// imdsToken is a token in the form of the service.
func (w *World) imdsToken(token string, principal *Principal, resource string) map[string]any {
	now, seconds := w.clock.Now(), strconv.Itoa(int(imdsTokenLifetime.Seconds())-1)
	return map[string]any{
		"access_token": token, "client_id": principal.AppID, "resource": resource, "token_type": "Bearer",
		"expires_in": seconds, "ext_expires_in": seconds,
		"expires_on": strconv.FormatInt(now.Add(imdsTokenLifetime).Unix(), 10),
		"not_before": strconv.FormatInt(now.Unix(), 10),
	}
}

// resourceRefusal is what Entra says of a resource that it does not know, as it comes through to the machine.
func (w *World) resourceRefusal(resource string, tenant *Tenant) string {
	return fmt.Sprintf("AADSTS500011: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		resourceUnknown(resource, tenant.DisplayName).description, newGUID(), newGUID(), w.clock.Now().Format("2006-01-02 15:04:05Z"))
}
