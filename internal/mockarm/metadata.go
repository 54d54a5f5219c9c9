// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
)

// serveMetadata answers as ARM's description of the cloud that it is part of, from which clients learn where to sign in.
// The shape depends on the API version: an object, an array of clouds before 2022, and five fields at the beginning.
func (s *Server) serveMetadata(w http.ResponseWriter, r *http.Request) {
	version, cloud := apiVersionOf(r.URL.Query()), s.cloudMetadata(r)
	switch {
	case !strings.EqualFold(strings.TrimSuffix(r.URL.Path, "/"), "/metadata/endpoints"):
		s.writeARM(w, r, gateway(fail(http.StatusNotFound, "NotFound", "The requested path does not name a resource.")))
	case r.Method != http.MethodGet:
		s.writeARM(w, r, methodNotAllowed(r.Method))
	case version == "":
		s.writeARM(w, r, missingAPIVersion())
	case version == "2022-09-01":
		s.writeARM(w, r, ok(cloud))
	case version == "2019-05-01" || version == "2020-06-01":
		s.writeARM(w, r, ok([]any{cloud}))
	case version == "2015-01-01":
		s.writeARM(w, r, ok(map[string]any{
			"galleryEndpoint": cloud["gallery"],
			"graphEndpoint":   cloud["graph"],
			"portalEndpoint":  cloud["portal"],
			"authentication":  cloud["authentication"],
		}))
	default:
		s.writeARM(w, r, invalidAPIVersion(version, []string{"2022-09-01", "2020-06-01", "2019-05-01", "2015-01-01"}))
	}
}

// mockCloud is the name of the cloud that the mock is.
const mockCloud = "AzureMock"

// cloudMetadata describes the cloud. Microsoft Graph stands at the mock's own address, so that nobody who reads this asks
// the real one for a token or sends one there. Who asks a public host is told of the public cloud, which the mock is then.
func (s *Server) cloudMetadata(r *http.Request) map[string]any {
	name, resourceManager := mockCloud, baseURL(r)+"/"
	login, graph := resourceManager, resourceManager
	if s.standsInFor(r.Host) {
		name, login, graph = "AzureCloud", "https://"+publicEntra, "https://"+publicGraph+"/"
	}
	return map[string]any{
		"name":   name,
		"portal": "https://portal.azure.com",
		"authentication": map[string]any{
			"loginEndpoint":    login,
			"audiences":        []string{"https://management.core.windows.net/", "https://management.azure.com/"},
			"tenant":           "common",
			"identityProvider": "AAD",
		},
		"resourceManager":                       resourceManager,
		"microsoftGraphResourceId":              graph,
		"media":                                 "https://rest.media.azure.net",
		"graph":                                 "https://graph.windows.net/",
		"graphAudience":                         "https://graph.windows.net/",
		"gallery":                               "https://gallery.azure.com/",
		"batch":                                 "https://batch.core.windows.net/",
		"sqlManagement":                         "https://management.core.windows.net:8443/",
		"vmImageAliasDoc":                       "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
		"activeDirectoryDataLake":               "https://datalake.azure.net/",
		"appInsightsResourceId":                 "https://api.applicationinsights.io",
		"appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
		"attestationResourceId":                 "https://attest.azure.net",
		"synapseAnalyticsResourceId":            "https://dev.azuresynapse.net",
		"logAnalyticsResourceId":                "https://api.loganalytics.io",
		"ossrDbmsResourceId":                    "https://ossrdbms-aad.database.windows.net",
		"suffixes": map[string]string{
			"acrLoginServer":                      "azurecr.io",
			"attestationEndpoint":                 "attest.azure.net",
			"azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
			"azureDataLakeStoreFileSystem":        "azuredatalakestore.net",
			"azureFrontDoorEndpointSuffix":        "azurefd.net",
			"keyVaultDns":                         "vault.azure.net",
			"mariadbServerEndpoint":               "mariadb.database.azure.com",
			"mhsmDns":                             "managedhsm.azure.net",
			"mysqlServerEndpoint":                 "mysql.database.azure.com",
			"postgresqlServerEndpoint":            "postgres.database.azure.com",
			"sqlServerHostname":                   "database.windows.net",
			"storage":                             "core.windows.net",
			"storageSyncEndpointSuffix":           "afs.azure.net",
			"synapseAnalytics":                    "dev.azuresynapse.net",
		},
	}
}
