// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

// readable is what a log shows of requests and answers beside what azcore takes for harmless: by what Microsoft's support
// finds them, where an operation goes on, and how much is left of ARM's limits (Microsoft Learn:
// request-limits-and-throttling). Bodies are never shown, nor is any other header.
var readable = policy.LogOptions{
	AllowedHeaders: []string{
		headerCorrelationID, "X-Ms-Routing-Request-Id", "Client-Request-Id", "X-Ms-Failure-Cause",
		"Azure-AsyncOperation", "Location", "Retry-After-Ms", "X-Ms-Retry-After-Ms",
		"X-Ms-Ratelimit-Remaining-Subscription-Reads", "X-Ms-Ratelimit-Remaining-Subscription-Writes", "X-Ms-Ratelimit-Remaining-Subscription-Deletes",
		"X-Ms-Ratelimit-Remaining-Subscription-Global-Reads", "X-Ms-Ratelimit-Remaining-Subscription-Global-Writes", "X-Ms-Ratelimit-Remaining-Subscription-Global-Deletes",
		"X-Ms-Ratelimit-Remaining-Tenant-Reads", "X-Ms-Ratelimit-Remaining-Tenant-Writes", "X-Ms-Ratelimit-Remaining-Tenant-Deletes",
		"X-Ms-Ratelimit-Remaining-Resource",
	},
	AllowedQueryParams: []string{"api-version", "$filter", "$expand", "$top", "resource", "client_id", "object_id", "msi_res_id", "mi_res_id"},
}
