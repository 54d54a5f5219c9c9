// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// auxiliaryHeader holds tokens of other tenants, for a request that refers to a resource in one of them, and maxAuxiliary is
// how many it may hold (Microsoft Learn: azure-resource-manager/management/authenticate-multi-tenant).
const (
	auxiliaryHeader = "X-Ms-Authorization-Auxiliary"
	maxAuxiliary    = 3
)

// authenticateAuxiliary finds out who the caller is in other tenants. Each of the tokens must be valid, or else the request is
// refused with the application and the tenant of the one that is not (see above). The code of the refusal is documented
// nowhere, and this mock's own choice; so is that encrypted tokens, which no SDK sends, count as not valid.
func (w *World) authenticateAuxiliary(headers []string, own func(url string) bool, tenantID string) ([]caller, *response) {
	var callers []caller
	for token := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if token = strings.TrimSpace(token); token == "" {
			continue
		}
		c, refusal := w.authenticate([]string{token}, own, "")
		if refusal != nil {
			claims := jwt.MapClaims{}
			_, raw, _ := strings.Cut(token, " ")
			_, _, _ = jwt.NewParser().ParseUnverified(strings.TrimSpace(raw), claims) // Without claims there is nobody to name.
			return nil, invalidAuxiliary(tenantID, fmt.Sprintf("The auxiliary token from application '%s' with tenant id '%s' is not valid: %s",
				text(claims, "appid"), text(claims, "tid"), messageOf(refusal)))
		}
		callers = append(callers, c)
	}
	if len(callers) > maxAuxiliary {
		return nil, invalidAuxiliary(tenantID, fmt.Sprintf("The request has %d auxiliary tokens. At most %d are allowed.", len(callers), maxAuxiliary))
	}
	return callers, nil
}

func invalidAuxiliary(tenantID, message string) *response {
	return unauthorized(tenantID, "InvalidAuxiliaryTokens", "Authentication failed for auxiliary token: "+message)
}

func messageOf(refusal *response) string {
	envelope, _ := refusal.body.(errorEnvelope)
	return envelope.Error.Message
}

// callerIn is who the caller is in the tenant that a resource belongs to, by its ID. It tells false where the request brings
// no token of that tenant. What is in no known subscription counts as the caller's own: that it is not there is found out later.
func (w *World) callerIn(req *request, resourceID string) (caller, bool) {
	segments := strings.Split(resourceID, "/")
	subscription := w.subscriptions[key(segments[2])]
	if subscription == nil || key(subscription.TenantID) == key(req.caller.tenantID) {
		return req.caller, true
	}
	for _, c := range req.auxiliary {
		if key(c.tenantID) == key(subscription.TenantID) {
			return c, true
		}
	}
	return caller{}, false
}

// foreignSubscription refuses a request that refers to a resource of another tenant without a token of that tenant.
func foreignSubscription(req *request, action, resourceID string) *response {
	return gateway(fail(http.StatusForbidden, "LinkedAuthorizationFailed", fmt.Sprintf(
		"The client has permission to perform action '%s' on scope '%s', however the current tenant '%s' is not authorized to access linked subscription '%s'.",
		action, req.target.path, req.caller.tenantID, strings.Split(resourceID, "/")[2])))
}
