// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"strings"
)

// computeLimits are Microsoft.Compute's: a bucket for each resource and one for the whole subscription. Those of a single
// machine are the tight ones: 12 updates and 4 more a minute (Microsoft Learn: virtual-machines, compute-throttling-limits).
func computeLimits(w *World, r *request) []limit {
	kind := strings.ToLower(r.target.typeName())
	reads := r.method == http.MethodGet
	writes := r.method == http.MethodPut || r.method == http.MethodPatch
	var limits []limit
	// of is a pair of buckets: of a resource, and of its subscription.
	of := func(subscriptionName string, subscriptionSize, subscriptionRate float64, resourceName, resource string, size, rate float64) {
		limits = append(limits, limit{subscriptionName, r.target.subscription, subscriptionSize, perMinute(subscriptionRate), computeThrottled})
		if resourceName != "" {
			limits = append(limits, limit{resourceName, resource, size, perMinute(rate), computeThrottled})
		}
	}
	switch {
	case reads && kind == "locations/operations":
		resource := r.target.name()
		if polled := w.operations[key(r.target.name())]; polled != nil {
			resource = polled.TargetID
		}
		of("GetOperationSubscriptionMaximum", 15_000, 5_000, "GetOperationResource", resource, 45, 15)
		slices.Reverse(limits) // They are told in this order.
	case reads && r.target.place() == onCollection:
		of("HighCostGetSubscriptionMaximum", 900, 300, "", "", 0, 0)
	case reads && kind == "virtualmachines":
		of("LowCostGetSubscriptionMaximum", 24_000, 8_000, "LowCostGetResource", r.target.path, 36, 12)
	case reads && kind == "virtualmachinescalesets":
		of("GetVMScaleSetSubscriptionMaximum", 2_400, 800, "GetVMScaleSetResource", r.target.path, 36, 12)
	case writes && kind == "virtualmachines":
		name := "UpdateVM"
		if r.method == http.MethodPut {
			name = "PutVM"
		}
		of(name+"SubscriptionMaximum", 1_500, 500, name+"Resource", r.target.path, 12, 4)
	case (writes || r.method == http.MethodPost) && kind == "virtualmachinescalesets":
		resource := strings.TrimSuffix(r.target.path, "/"+r.target.verb)
		of("VMScaleSetActionsSubscriptionMaximum", 1_500, 500, "VMScaleSetActionsResource", resource, 12, 4)
	}
	if writes {
		limits = append(limits, assignmentLimits(w, r)...)
	}
	return limits
}

// computeThrottled is the refusal of Microsoft.Compute, which names the exceeded limit in the details.
func computeThrottled(exceeded limit) errorDetail {
	return errorDetail{
		Code:    "OperationNotAllowed",
		Message: "The server rejected the request because too many requests have been received for this subscription.",
		Details: []errorDetail{{
			Code: "TooManyRequests", Target: exceeded.name,
			Message: `{"operationGroup":"` + exceeded.name + `"}`,
		}},
	}
}
