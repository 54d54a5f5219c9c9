// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An identityProtocol is how a kind of host gives out tokens.
type identityProtocol struct {
	path    string
	method  string
	version string // the API version; "" if there is none
	// metadata and secretHeader are the headers that keep requests out which the process did not mean to send: "Metadata:
	// true", and one with a secret from the environment.
	metadata     bool
	secretHeader string
	// selectors are the query parameters that choose an identity, and IMDS's names for them.
	selectors map[string]string
	// onlySystemAssigned says that without a selector it is the system-assigned identity, and never a user-assigned one.
	onlySystemAssigned bool
	// pinned says that the endpoint is https with a certificate that clients know by its thumbprint.
	pinned   bool
	lifetime time.Duration

	variables func(url, secret, thumbprint string) map[string]string
	// words are what the service says of a refusal, and body the form in which it says it.
	words func(refusal) (status int, code, message string)
	body  func(status int, code, message string) any
	// token is a token in the form of the service.
	token func(w *World, token string, p *Principal, resource string, lifetime time.Duration) map[string]any
}

// A refusal is why a host gives out no token.
type refusal string

const (
	wrongMethod    refusal = "the method is another one"
	noMetadata     refusal = "the header Metadata is missing"
	noSecret       refusal = "the header with the secret is missing"
	wrongSecret    refusal = "the secret is another one"
	wrongVersion   refusal = "the API version is another one"
	noResource     refusal = "no resource is named"
	wrongResource  refusal = "the resource is not known"
	twoSelectors   refusal = "several identities are named"
	noSuchIdentity refusal = "the identity named is not there"
	noIdentity     refusal = "there is no identity to go without a name"
	noToken        refusal = "the token could not be made"
)

// identityProtocols are those of the hosts that are no virtual machines. What they refuse and how is documented for Service
// Fabric only; for the others it is what has been seen, or else the mock's own decision.
var identityProtocols = map[IdentityHost]identityProtocol{
	// Microsoft Learn: app-service/overview-managed-identity, "REST endpoint reference". Container Apps have the same one.
	AppServiceHost: {
		path: "/msi/token", method: http.MethodGet, version: "2019-08-01", secretHeader: "X-Identity-Header",
		selectors:          map[string]string{"client_id": "client_id", "object_id": "object_id", "principal_id": "object_id", "mi_res_id": "msi_res_id"},
		onlySystemAssigned: true, lifetime: imdsTokenLifetime,
		variables: func(url, secret, _ string) map[string]string {
			// MSI_ENDPOINT and MSI_SECRET are those of the version before, and are there all the same.
			return map[string]string{"IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": secret, "MSI_ENDPOINT": url, "MSI_SECRET": secret}
		},
		words: appServiceWords, body: appServiceBody, token: appServiceToken,
	},
	// Seen in azidentity and in MSAL; it is App Service's version before.
	AzureMLHost: {
		path: "/MSI/auth", method: http.MethodGet, version: "2017-09-01", secretHeader: "Secret",
		selectors:          map[string]string{"clientid": "client_id"},
		onlySystemAssigned: true, lifetime: imdsTokenLifetime,
		variables: func(url, secret, _ string) map[string]string {
			return map[string]string{"MSI_ENDPOINT": url, "MSI_SECRET": secret}
		},
		words: appServiceWords, body: appServiceBody, token: appServiceToken,
	},
	CloudShellHost: {
		path: "/oauth2/token", method: http.MethodPost, metadata: true, lifetime: time.Hour,
		variables: func(url, _, _ string) map[string]string { return map[string]string{"MSI_ENDPOINT": url} },
		words:     cloudShellWords, body: cloudShellBody, token: cloudShellToken,
	},
	// Microsoft Learn: service-fabric/how-to-managed-identity-service-fabric-app-code.
	ServiceFabricHost: {
		path: "/metadata/identity/oauth2/token", method: http.MethodGet, version: "2019-07-01-preview", secretHeader: "Secret",
		pinned: true, lifetime: imdsTokenLifetime,
		variables: func(url, secret, thumbprint string) map[string]string {
			return map[string]string{"IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": secret, "IDENTITY_SERVER_THUMBPRINT": thumbprint}
		},
		words: serviceFabricWords, body: serviceFabricBody, token: serviceFabricToken,
	},
	// Microsoft Learn: azure-arc/servers/managed-identity-authentication.
	ArcHost: {
		path: "/metadata/identity/oauth2/token", method: http.MethodGet, version: "2020-06-01", metadata: true,
		selectors:          map[string]string{"client_id": "client_id", "object_id": "object_id", "msi_res_id": "msi_res_id"},
		onlySystemAssigned: true, lifetime: imdsTokenLifetime,
		variables: func(url, _, _ string) map[string]string {
			return map[string]string{"IDENTITY_ENDPOINT": url, "IMDS_ENDPOINT": strings.TrimSuffix(url, "/metadata/identity/oauth2/token")}
		},
		words: arcWords, body: func(_ int, code, message string) any { return imdsError(code, message) },
		token: func(w *World, token string, p *Principal, resource string, _ time.Duration) map[string]any {
			return w.imdsToken(token, p, resource)
		},
	},
}

// appServiceWords have been seen (github.com/Azure/azure-sdk-for-net/issues/43691 and others).
func appServiceWords(why refusal) (status int, code, message string) {
	switch why {
	case wrongMethod:
		return http.StatusMethodNotAllowed, "", string(why)
	case noSecret, wrongSecret:
		return http.StatusUnauthorized, "", string(why)
	case wrongVersion:
		return http.StatusBadRequest, "UnsupportedApiVersion", "The HTTP resource that matches the request URI does not support the API version."
	case noSuchIdentity:
		return http.StatusBadRequest, "", "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
	case noIdentity:
		return http.StatusBadRequest, "", "No Managed Identity found for specified ClientId/ResourceId/PrincipalId."
	case noToken:
		return http.StatusInternalServerError, "", string(why)
	}
	return http.StatusBadRequest, "", string(why)
}

// appServiceBody has a form of its own for the refusals of the web framework below it, which have a code.
func appServiceBody(status int, code, message string) any {
	if code != "" {
		return map[string]any{"error": map[string]any{"code": code, "message": message}}
	}
	return map[string]any{"statusCode": status, "message": message, "correlationId": newGUID()}
}

func appServiceToken(w *World, token string, p *Principal, resource string, lifetime time.Duration) map[string]any {
	return map[string]any{
		"access_token": token, "client_id": p.AppID, "resource": resource, "token_type": "Bearer",
		"expires_on": strconv.FormatInt(w.clock.Now().Add(lifetime).Unix(), 10),
	}
}

// cloudShellWords have been seen for an audience that is not on its list (github.com/Azure/CloudShell/issues/477).
func cloudShellWords(why refusal) (status int, code, message string) {
	switch why {
	case wrongMethod:
		return http.StatusMethodNotAllowed, "MethodNotAllowed", string(why)
	case wrongResource:
		return http.StatusBadRequest, "AudienceNotSupported", "The audience is not a supported MSI token audience."
	case noToken:
		return http.StatusInternalServerError, "InternalServerError", string(why)
	}
	return http.StatusBadRequest, "InvalidRequest", string(why)
}

func cloudShellBody(_ int, code, message string) any {
	return map[string]any{"error": map[string]any{"code": code, "message": message}}
}

func cloudShellToken(w *World, token string, p *Principal, resource string, lifetime time.Duration) map[string]any {
	now := w.clock.Now()
	return map[string]any{
		"access_token": token, "refresh_token": "", "resource": resource, "token_type": "Bearer", "client_id": p.AppID,
		"expires_in": strconv.Itoa(int(lifetime.Seconds()) - 1),
		"expires_on": strconv.FormatInt(now.Add(lifetime).Unix(), 10),
		"not_before": strconv.FormatInt(now.Unix(), 10),
	}
}

// serviceFabricWords are documented (as above, "Error handling").
func serviceFabricWords(why refusal) (status int, code, message string) {
	switch why {
	case wrongMethod:
		return http.StatusMethodNotAllowed, "MethodNotAllowed", string(why)
	case noSecret:
		return http.StatusBadRequest, "SecretHeaderNotFound", "Secret is not found in the request headers."
	case wrongSecret, noIdentity, noSuchIdentity:
		return http.StatusNotFound, "ManagedIdentityNotFound", "Managed identity not found for the specified application host."
	case wrongVersion:
		return http.StatusBadRequest, "InvalidApiVersion", "The api-version is not supported. Supported version is '2019-07-01-preview'."
	case noResource:
		return http.StatusBadRequest, "ArgumentNullOrEmpty", "The parameter 'resource' should not be null or empty string."
	}
	return http.StatusInternalServerError, "InternalServerError", "An error occurred."
}

func serviceFabricBody(_ int, code, message string) any {
	return map[string]any{"error": map[string]any{"correlationId": newGUID(), "code": code, "message": message}}
}

func serviceFabricToken(w *World, token string, _ *Principal, resource string, lifetime time.Duration) map[string]any {
	return map[string]any{
		"access_token": token, "resource": resource, "token_type": "Bearer", "expires_on": w.clock.Now().Add(lifetime).Unix(),
	}
}

// arcWords are those of IMDS, which the agent takes after.
func arcWords(why refusal) (status int, code, message string) {
	switch why {
	case wrongMethod:
		return http.StatusMethodNotAllowed, "invalid_request", string(why)
	case noMetadata:
		return http.StatusBadRequest, "invalid_request", "Required metadata header not specified"
	case wrongSecret:
		return http.StatusUnauthorized, "unauthorized_client", string(why)
	case wrongResource:
		return http.StatusBadRequest, "invalid_resource", string(why)
	case noIdentity, noSuchIdentity:
		return http.StatusBadRequest, "invalid_request", identityNotFound
	case noToken:
		return http.StatusInternalServerError, "unknown", string(why)
	}
	return http.StatusBadRequest, "invalid_request", string(why)
}
