// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/url"
	"strings"
)

// findTenant finds a tenant by its ID. The caller must not hold the world's lock.
func (w *World) findTenant(id string) *Tenant {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tenants[key(id)]
}

// application finds the principal that an application ID stands for in a tenant.
func (w *World) application(appID, tenantID string) *Principal {
	for _, p := range w.principals {
		if p.AppID != "" && strings.EqualFold(p.AppID, appID) && strings.EqualFold(p.TenantID, tenantID) {
			return p
		}
	}
	return nil
}

// knownResources are applications of Microsoft's that every tenant has, so that tokens can be had for them.
var knownResources = append([]string{
	"https://graph.microsoft.com", "https://graph.windows.net", "https://vault.azure.net", "https://managedhsm.azure.net",
	"https://storage.azure.com", "https://database.windows.net", "https://ossrdbms-aad.database.windows.net",
	"https://servicebus.azure.net", "https://eventhubs.azure.net", "https://batch.core.windows.net",
	"https://datalake.azure.net", "https://api.loganalytics.io", "https://api.applicationinsights.io",
	"https://monitor.azure.com", "https://attest.azure.net", "https://dev.azuresynapse.net", "https://cognitiveservices.azure.com",
	"https://search.azure.com", "https://azconfig.io", "https://containerregistry.azure.net", "https://cosmos.azure.com",
	"api://AzureADTokenExchange",
}, armAudiences...)

// knownDomains are those under which a customer's own account is a resource.
var knownDomains = []string{
	".vault.azure.net", ".managedhsm.azure.net", ".blob.core.windows.net", ".queue.core.windows.net", ".table.core.windows.net",
	".file.core.windows.net", ".dfs.core.windows.net", ".documents.azure.com", ".servicebus.windows.net", ".azconfig.io",
	".database.windows.net",
}

// knowsResource tells whether Entra issues tokens for a resource. A slash at its end makes no difference.
func (s *Server) knowsResource(resource string) bool {
	if s.isOwnURL(resource) || containsFold(knownResources, strings.TrimRight(resource, "/")) {
		return true
	}
	u, err := url.Parse(resource)
	if err != nil || u.Scheme != "https" {
		return false
	}
	for _, domain := range knownDomains {
		if strings.HasSuffix(strings.ToLower(u.Host), domain) {
			return true
		}
	}
	return false
}
