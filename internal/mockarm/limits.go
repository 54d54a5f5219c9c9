// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A limit is a token bucket as Azure documents it. Every request takes one token, and a request that finds no token is
// turned away without taking any.
type limit struct {
	name      string // as in the headers and messages of the service
	holder    string // whose bucket it is: that of a subscription, a principal, a resource
	size      float64
	perSecond float64 // how much flows in
	// refuse is what a request is told that has found the bucket empty; [retrySeconds] in it stands for the wait.
	refuse func(limit) errorDetail
}

// bucket is the key of the limit's bucket.
func (l limit) bucket() string { return l.name + "|" + key(l.holder) }

// perMinute is the rate of a bucket that is documented by the minute.
func perMinute(n float64) float64 { return n / 60 }

// frontDoorLimits are Azure Resource Manager's own: a bucket for every subscription, service principal and kind of operation,
// and one for all principals of the subscription together that is fifteen times as large; above the subscriptions, one for
// every tenant and principal (Microsoft Learn: request-limits-and-throttling).
func frontDoorLimits(r *request) []limit {
	kind, size, rate := "writes", 200.0, 10.0
	switch r.method {
	case http.MethodGet, http.MethodHead:
		kind, size, rate = "reads", 250, 25
	case http.MethodDelete:
		kind = "deletes"
	}
	principal := r.caller.tenantID + "|" + r.caller.objectID
	refuse := func(limit) errorDetail {
		return errorDetail{Code: "SubscriptionRequestsThrottled", Message: fmt.Sprintf("Number of '%s' requests for subscription '%s' actor '%s' exceeded. "+
			"Please try again after '%s' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.",
			strings.TrimSuffix(kind, "s"), r.target.subscription, r.caller.objectID, retrySeconds)}
	}
	if r.target.subscription == "" {
		return []limit{{"tenant-" + kind, principal, size, rate, func(limit) errorDetail {
			return errorDetail{Code: "TenantRequestsThrottled", Message: fmt.Sprintf("Number of '%s' requests for tenant '%s' actor '%s' exceeded. "+
				"Please try again after '%s' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.",
				strings.TrimSuffix(kind, "s"), r.caller.tenantID, r.caller.objectID, retrySeconds)}
		}}}
	}
	return []limit{
		{"subscription-" + kind, r.target.subscription + "|" + principal, size, rate, refuse},
		{"subscription-global-" + kind, r.target.subscription, 15 * size, 15 * rate, refuse},
	}
}

// retrySeconds stands in a message for the seconds of Retry-After.
const retrySeconds = "{seconds}"

// throttled turns a request away.
func throttled(exceeded limit, pause time.Duration) *response {
	seconds := fmt.Sprint(max(1, wholeSeconds(pause)))
	detail := exceeded.refuse(exceeded)
	detail.Message = strings.ReplaceAll(detail.Message, retrySeconds, seconds)
	return failDetail(http.StatusTooManyRequests, detail).with("Retry-After", seconds)
}

// tooManyRequests is the refusal of resource providers that have no words of their own for it.
func tooManyRequests(limit) errorDetail {
	return errorDetail{Code: "TooManyRequests", Message: "The request is being throttled."}
}

// authorizationLimits is what the settings say: Microsoft.Authorization publishes no figures.
func authorizationLimits(w *World, r *request) []limit {
	n := w.settings.AuthorizationPerMinute
	if n <= 0 {
		return nil
	}
	return []limit{{"authorization", r.target.subscription + "|" + r.caller.objectID, float64(n), perMinute(float64(n)), func(limit) errorDetail {
		return errorDetail{Code: "ResourceRequestsThrottled", Message: fmt.Sprintf(
			"Number of requests for Microsoft.Authorization exceeded the limit of '%d' for time interval '00:01:00'. Please try again after '%s' seconds.", n, retrySeconds)}
	}}}
}

// managedIdentityLimits are those on the creation of identities: 80 in 20 seconds for a subscription in a region, and 400
// for the tenant (Microsoft Learn: managed-identities-azure-resources, "managed-identity-limits").
func managedIdentityLimits(w *World, r *request) []limit {
	if r.method != http.MethodPut || !strings.EqualFold(r.target.typeName(), "userAssignedIdentities") {
		return nil
	}
	region := normalLocation(w.locationOf(r))
	return []limit{
		{"identity-create", r.target.subscription + "|" + region, 80, 80.0 / 20, tooManyRequests},
		{"identity-create-tenant", r.caller.tenantID + "|" + region, 400, 400.0 / 20, tooManyRequests},
	}
}

// assignmentLimits are those of Microsoft.ManagedIdentity on the assignment of identities to resources (as above).
func assignmentLimits(w *World, r *request) []limit {
	var body hostWrite
	if decode(r, &body) != nil {
		return nil
	}
	change, refusal := readIdentityChange(body.Identity)
	if refusal != nil || change == nil || len(change.attached()) == 0 {
		return nil
	}
	region := normalLocation(w.locationOf(r))
	return []limit{
		{"identity-assign", r.target.subscription + "|" + region, 300, 300.0 / 20, tooManyRequests},
		{"identity-assign-tenant", r.caller.tenantID + "|" + region, 400, 400.0 / 20, tooManyRequests},
	}
}
