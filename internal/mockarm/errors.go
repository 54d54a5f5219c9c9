// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An errorEnvelope is the body of every error that ARM answers (ARM RPC, common-api-details.md, "Error Response Content").
type errorEnvelope struct {
	Error errorDetail `json:"error"`
}

// An errorDetail is one error, with those that it is made of.
type errorDetail struct {
	Code    string        `json:"code"`
	Message string        `json:"message"`
	Target  string        `json:"target,omitempty"`
	Details []errorDetail `json:"details,omitempty"`
}

// ok answers 200 with a body.
func ok(body any) *response { return &response{status: http.StatusOK, body: body} }

// created answers 201 with a body.
func created(body any) *response { return &response{status: http.StatusCreated, body: body} }

// noContent answers 204.
func noContent() *response { return &response{status: http.StatusNoContent} }

// fail answers an error in ARM's envelope.
func fail(status int, code, message string) *response {
	return failDetail(status, errorDetail{Code: code, Message: message})
}

// failDetail answers an error that has a target or details of its own.
func failDetail(status int, detail errorDetail) *response {
	return &response{status: status, body: errorEnvelope{Error: detail}}
}

// with sets a header of a response.
func (r *response) with(name, value string) *response {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(name, value)
	return r
}

// gateway marks an error as the front door's own: a resource provider's errors do not carry this header.
func gateway(r *response) *response { return r.with("x-ms-failure-cause", "gateway") }

// The front door's errors, in the words of the service.

func missingAPIVersion() *response {
	return gateway(fail(http.StatusBadRequest, "MissingApiVersionParameter",
		"The api-version query parameter (?api-version=) is required for all requests."))
}

func invalidAPIVersion(version string, supported []string) *response {
	return gateway(fail(http.StatusBadRequest, "InvalidApiVersionParameter",
		fmt.Sprintf("The api-version '%s' is invalid. The supported versions are '%s'.", version, strings.Join(supported, ","))))
}

func noRegisteredProvider(location, version, typeName string, versions, locations []string) *response {
	return gateway(fail(http.StatusBadRequest, "NoRegisteredProviderFound",
		fmt.Sprintf("No registered resource provider found for location '%s' and API version '%s' for type '%s'. "+
			"The supported api-versions are '%s'. The supported locations are '%s'.",
			location, version, typeName, strings.Join(versions, ", "), strings.Join(locations, ", "))))
}

func invalidResourceNamespace(namespace string) *response {
	return gateway(fail(http.StatusNotFound, "InvalidResourceNamespace",
		fmt.Sprintf("The resource namespace '%s' is invalid.", namespace)))
}

func invalidResourceType(namespace, typeName, version string) *response {
	return gateway(fail(http.StatusNotFound, "InvalidResourceType",
		fmt.Sprintf("The resource type '%s' could not be found in the namespace '%s' for api version '%s'.", typeName, namespace, version)))
}

func invalidSubscriptionID(id string) *response {
	return gateway(fail(http.StatusBadRequest, "InvalidSubscriptionId",
		fmt.Sprintf("The provided subscription identifier '%s' is malformed or invalid.", id)))
}

func subscriptionNotFound(id string) *response {
	return gateway(fail(http.StatusNotFound, "SubscriptionNotFound",
		fmt.Sprintf("The subscription '%s' could not be found.", id)))
}

func resourceGroupNotFound(name string) *response {
	return gateway(fail(http.StatusNotFound, "ResourceGroupNotFound",
		fmt.Sprintf("Resource group '%s' could not be found.", name)))
}

func resourceGroupBeingDeleted(name string) *response {
	return gateway(fail(http.StatusConflict, "ResourceGroupBeingDeleted",
		fmt.Sprintf("The resource group '%s' is in deprovisioning state and cannot perform this operation.", name)))
}

func resourceNotFound(typeName, name, resourceGroup string) *response {
	return gateway(fail(http.StatusNotFound, "ResourceNotFound",
		fmt.Sprintf("The Resource '%s/%s' under resource group '%s' was not found. "+
			"For more details please go to https://aka.ms/ARMResourceNotFoundFix", typeName, name, resourceGroup)))
}

func parentResourceNotFound(name string) *response {
	return gateway(fail(http.StatusNotFound, "ParentResourceNotFound",
		fmt.Sprintf("Can not perform requested operation on nested resource. Parent resource '%s' not found.", name)))
}

func missingSubscriptionRegistration(namespace string) *response {
	const code = "MissingSubscriptionRegistration"
	message := fmt.Sprintf("The subscription is not registered to use namespace '%s'. "+
		"See https://aka.ms/rps-not-found for how to register subscriptions.", namespace)
	return gateway(failDetail(http.StatusConflict, errorDetail{
		Code: code, Message: message,
		Details: []errorDetail{{Code: code, Message: message, Target: namespace}},
	}))
}

func authorizationFailed(c caller, action, scope string) *response {
	return gateway(fail(http.StatusForbidden, "AuthorizationFailed",
		fmt.Sprintf("The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' "+
			"or the scope is invalid. If access was recently granted, please refresh your credentials.",
			c.appID, c.objectID, action, scope)))
}

func methodNotAllowed(method string) *response {
	return gateway(fail(http.StatusMethodNotAllowed, "MethodNotAllowed",
		fmt.Sprintf("The requested resource does not support http method '%s'.", method)))
}

func invalidRequestContent(reason string) *response {
	return gateway(fail(http.StatusBadRequest, "InvalidRequestContent",
		fmt.Sprintf("The request content was invalid and could not be deserialized: '%s'.", reason)))
}

func unsupportedMediaType(mediaType string) *response {
	return gateway(fail(http.StatusUnsupportedMediaType, "UnsupportedMediaType",
		fmt.Sprintf("The content media type '%s' is not supported. Only 'application/json' is supported.", mediaType)))
}

func requestTooLarge(limit int) *response {
	return gateway(fail(http.StatusRequestEntityTooLarge, "RequestContentTooLarge",
		fmt.Sprintf("The request content size exceeds the maximum size of '%d' bytes.", limit)))
}

// unauthorized answers 401 with the challenge that tells a client which tenant to get its token from.
func unauthorized(tenantID, code, message string) *response {
	challenge := fmt.Sprintf(`Bearer authorization_uri="https://login.windows.net/%s", error="invalid_token", error_description="%s"`,
		tenantID, strings.ReplaceAll(message, `"`, `'`))
	return gateway(fail(http.StatusUnauthorized, code, message)).with("WWW-Authenticate", challenge)
}

func expiredToken(tenantID string, expiry, now time.Time) *response {
	const layout = "1/2/2006 3:04:05 PM"
	return unauthorized(tenantID, "ExpiredAuthenticationToken",
		fmt.Sprintf("The access token expiry UTC time '%s' is earlier than current UTC time '%s'.",
			expiry.UTC().Format(layout), now.UTC().Format(layout)))
}
