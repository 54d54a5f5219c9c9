// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

// These tests ask in the order in which other clients of the same Azure ask, with the API versions that they use. The clients
// themselves are not here; what they need is read from their sources (github.com/hashicorp/terraform-provider-azurerm,
// github.com/Azure/terraform-provider-azapi, github.com/Azure/azure-cli).

// TestAzurermFindsWhatItAsksFor is a provider "azurerm" with metadata_host that creates and destroys an identity with a role.
func TestAzurermFindsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	cloud := s.must(http.StatusOK, http.MethodGet, "/metadata/endpoints?api-version=2022-09-01", "")
	// The first token is for Microsoft Graph; who runs this is read from it, so that Graph is not asked.
	graph := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{
		"grant_type": "client_credentials", "client_id": DefaultOperatorAppID, "client_secret": a.world.Operator().Secret,
		"scope": cloud.value("microsoftGraphResourceId") + "/.default",
	})
	claims := claimsOf(t, graph.value("access_token"))
	if claims["oid"] != DefaultOperatorID || claims["tid"] != DefaultTenantID || claims["appid"] != DefaultOperatorAppID {
		t.Errorf("the claims are %v", claims)
	}
	for _, scope := range []string{"https://storage.azure.com", "https://vault.azure.net", "https://dev.azuresynapse.net", "https://batch.core.windows.net/"} {
		token := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{
			"grant_type": "client_credentials", "client_id": DefaultOperatorAppID, "client_secret": a.world.Operator().Secret, "scope": scope + "/.default",
		})
		if token.status != http.StatusOK {
			t.Errorf("a token for %s: %s", scope, token.text)
		}
	}
	// What can be registered, and where anything can be.
	s.must(http.StatusOK, http.MethodGet, testSubscription+"/providers?api-version=2022-09-01", "")
	s.must(http.StatusOK, http.MethodGet, testSubscription+"/locations?api-version=2022-12-01", "")

	group := testSubscription + "/resourceGroups/azurerm"
	const groups = "?api-version=2023-07-01"
	s.refused(http.StatusNotFound, "ResourceGroupNotFound", http.MethodGet, group+groups, "")
	s.must(http.StatusCreated, http.MethodPut, group+groups, `{"location": "westus", "tags": {}}`)
	s.must(http.StatusOK, http.MethodGet, group+groups, "")
	identity := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, identity, "")
	made := s.must(http.StatusCreated, http.MethodPut, identity, `{"location": "westus", "properties": {"isolationScope": "None"}, "tags": {}}`)
	s.must(http.StatusOK, http.MethodGet, identity, "")

	definitions := testSubscription + "/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-05-01-preview&$filter=roleName%20eq%20'Reader'"
	found := s.must(http.StatusOK, http.MethodGet, definitions, "").items()
	if len(found) != 1 {
		t.Fatalf("%d roles of one name", len(found))
	}
	assignment := group + "/providers/Microsoft.Authorization/roleAssignments/" + newGUID()
	s.refused(http.StatusNotFound, "RoleAssignmentNotFound", http.MethodGet, assignment, "")
	s.must(http.StatusCreated, http.MethodPut, assignment, `{"properties": {"roleDefinitionId": "`+answer{body: found[0]}.value("id")+`", "principalId": "`+
		made.value("properties", "principalId")+`", "principalType": "ServicePrincipal"}}`)
	for range 5 { // It waits for five answers in a row.
		s.must(http.StatusOK, http.MethodGet, assignment, "")
	}
	// Destroy: a group is looked through for what Terraform did not make, and deleted when it is empty.
	resources := group + "/resources?api-version=2023-07-01&$expand=provisioningState&$top=500"
	if left := s.must(http.StatusOK, http.MethodGet, resources, "").items(); len(left) != 1 || left[0]["provisioningState"] != "Succeeded" {
		t.Errorf("in the group are %v", left)
	}
	s.must(http.StatusOK, http.MethodDelete, assignment, "")
	s.must(http.StatusOK, http.MethodDelete, identity, "")
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, identity, "")
	if left := s.must(http.StatusOK, http.MethodGet, resources, "").items(); len(left) != 0 {
		t.Errorf("in the group are still %v", left)
	}
	s.must(http.StatusAccepted, http.MethodDelete, group+groups, "")
	a.finish()
	s.refused(http.StatusNotFound, "ResourceGroupNotFound", http.MethodGet, group+groups, "")
}

// TestAzapiFindsWhatItAsksFor is an azapi_resource and an azapi_resource_action that attaches it.
func TestAzapiFindsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	identity := testIdentities + "azapi"
	made := s.must(http.StatusCreated, http.MethodPut, identity, `{"location": "westus"}`)
	if strings.HasPrefix(made.header.Get("Location"), "https://") {
		t.Error("it would poll the Location of what is done")
	}
	s.must(http.StatusOK, http.MethodGet, identity, "")
	action := s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{"identity": {"type": "UserAssigned", "userAssignedIdentities": {"`+made.value("id")+`": {}}}}`)
	a.finish()
	if polled := s.must(http.StatusOK, http.MethodGet, action.header.Get("Azure-AsyncOperation"), ""); polled.value("status") != "Succeeded" {
		t.Errorf("the operation: %s", polled.text)
	}
	s.must(http.StatusOK, http.MethodGet, "/providers?api-version=2024-11-01", "")
	s.must(http.StatusOK, http.MethodDelete, identity, "")
	s.must(http.StatusNoContent, http.MethodDelete, identity, "")
}

// TestAzureCLIFindsWhatItAsksFor is az login, the tutorial's commands, and az resource list.
func TestAzureCLIFindsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.must(http.StatusOK, http.MethodGet, "/tenants?api-version=2022-12-01", "")
	if found := s.must(http.StatusOK, http.MethodGet, "/subscriptions?api-version=2022-12-01", "").items(); len(found) != 1 {
		t.Fatalf("az login finds %v", found)
	}
	// az identity create takes the location of the group.
	location := s.must(http.StatusOK, http.MethodGet, testGroup+"?api-version=2024-11-01", "").value("location")
	made := s.must(http.StatusCreated, http.MethodPut, testIdentities+"cli?api-version=2023-01-31", `{"location": "`+location+`", "tags": {}}`)
	// az vm identity assign reads the machine, and patches what it adds.
	s.must(http.StatusOK, http.MethodGet, DefaultMachineID+"?api-version=2024-11-01", "")
	s.must(http.StatusOK, http.MethodPatch, DefaultMachineID+"?api-version=2024-11-01", `{"identity": {"type": "UserAssigned", "userAssignedIdentities": {"`+made.value("id")+`": {}}}}`)
	a.finish()
	// az role assignment create --assignee-object-id --assignee-principal-type looks up the role and assigns it.
	role := s.must(http.StatusOK, http.MethodGet, testGroup+"/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-05-01-preview&$filter=roleName%20eq%20'Reader'", "").items()[0]
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID()+"?api-version=2022-04-01", `{"properties": {"roleDefinitionId": "`+answer{body: role}.value("id")+`",
		"principalId": "`+made.value("properties", "principalId")+`", "principalType": "ServicePrincipal"}}`)

	list := func(path, query string) []string {
		var names []string
		for _, item := range s.must(http.StatusOK, http.MethodGet, path+"/resources?api-version=2024-11-01"+query, "").items() {
			names = append(names, answer{body: item}.value("name"))
		}
		return names
	}
	for query, want := range map[string]string{
		"": "vm-linux cli",
		"&$filter=resourceType%20eq%20'microsoft.compute/virtualmachines'":                           "vm-linux",
		"&$filter=resourceGroup%20eq%20'devtest'%20and%20name%20eq%20'CLI'":                          "cli",
		"&$filter=location%20eq%20'eastus'":                                                          "",
		"&$filter=tagName%20eq%20'a'":                                                                "",
		"&$filter=resourceType%20eq%20'Microsoft.Compute/virtualMachines'%20and%20name%20eq%20'cli'": "",
		"&$top=1": "vm-linux",
	} {
		if got := strings.Join(list(testSubscription, query), " "); got != want {
			t.Errorf("az resource list %s: %q, want %q", query, got, want)
		}
	}
	same(t, s.must(http.StatusOK, http.MethodGet, testGroup+"/resources?api-version=2024-11-01&$filter=name%20eq%20'cli'", ""), `{"value": [{
		"id": "/subscriptions/{s}/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cli", "name": "cli",
		"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "location": "westus"}]}`)
	for _, filter := range []string{"tagValue%20eq%20'a'", "tagName%20eq%20'a'%20and%20name%20eq%20'b'", "kind%20eq%20'x'", "name%20like%20'x'", "atScope()"} {
		s.refused(http.StatusBadRequest, "InvalidFilterInQueryString", http.MethodGet, testGroup+"/resources?$filter="+filter, "")
	}
	s.refused(http.StatusBadRequest, "InvalidTopParameter", http.MethodGet, testGroup+"/resources?$top=0", "")
	s.refused(http.StatusNotFound, "ResourceGroupNotFound", http.MethodGet, testGroup+"0/resources", "")
}

func TestResourcesAreListedToThoseWhoMayReadThem(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.must(http.StatusCreated, http.MethodPut, testIdentities+"tagged", `{"location": "westus", "tags": {"Stage": "test"}}`)
	if found := s.must(http.StatusOK, http.MethodGet, testGroup+"/resources?$filter=tagName%20eq%20'stage'%20and%20tagValue%20eq%20'test'", "").items(); len(found) != 1 {
		t.Errorf("by tag are found %v", found)
	}
	if found := s.must(http.StatusOK, http.MethodGet, testGroup+"/resources?$filter=tagName%20eq%20'stage'%20and%20tagValue%20eq%20'Test'", "").items(); len(found) != 0 {
		t.Errorf("by another value are found %v", found)
	}
	reader := a.session(t, a.servicePrincipal(t, "reader", "Reader", DefaultMachineID).ObjectID)
	found := reader.must(http.StatusOK, http.MethodGet, testSubscription+"/resources", "").items()
	if len(found) != 1 || found[0]["id"] != DefaultMachineID {
		t.Errorf("who may read the machine is shown %v", found)
	}
	reader.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup+"/resources", "")
}
