// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"testing"
)

const (
	recordedIdentity = `{"id": "{id1}", "name": "id1", "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "location": "westus", "tags": {},
		"properties": {"tenantId": "{t}", "principalId": "<guid>", "clientId": "<guid>"}}`
	recordedIdentityOf2024 = `{"id": "{id1}", "name": "id1", "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "location": "westus", "tags": {},
		"properties": {"tenantId": "{t}", "principalId": "<guid>", "clientId": "<guid>", "isolationScope": "None"}}`
	recordedIdentityOf2026 = `{"id": "{id1}", "name": "id1", "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "location": "westus", "tags": {},
		"properties": {"tenantId": "{t}", "principalId": "<guid>", "clientId": "<guid>", "isolationScope": "None", "assignmentRestrictions": {"providers": []}}}`
	recordedCredential = `{"id": "{id1}/federatedIdentityCredentials/fic1", "name": "fic1", "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
		"properties": {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:o/r:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}}`
)

func TestRecordedIdentities(t *testing.T) {
	t.Parallel()
	const path = "/subscriptions/{s}/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
	const old = "?api-version=2023-01-31"
	replay(t, newAzure(t).operator(t), []exchange{
		{
			name: "identity create", method: http.MethodPut, path: path + "/id1" + old, body: `{"location": "westus", "tags": {}}`,
			status: http.StatusCreated, answer: recordedIdentity,
			answerHeaders: map[string]string{"Location": inDefaultWorld.Replace("{id1}"), "x-ms-ratelimit-remaining-subscription-writes": "199", "x-ms-ratelimit-remaining-subscription-global-writes": "2999"},
		},
		{name: "identity create again", method: http.MethodPut, path: path + "/id1" + old, body: `{"location": "westus"}`, status: http.StatusOK, answer: recordedIdentity, answerHeaders: map[string]string{"Location": ""}},
		{
			name: "identity show", method: http.MethodGet, path: path + "/id1" + old, status: http.StatusOK, answer: recordedIdentity,
			answerHeaders: map[string]string{"x-ms-ratelimit-remaining-subscription-reads": "249", "x-ms-ratelimit-remaining-subscription-global-reads": "3749", "x-ms-failure-cause": ""},
		},
		{name: "with isolation", method: http.MethodGet, path: path + "/id1?api-version=2024-11-30", status: http.StatusOK, answer: recordedIdentityOf2024},
		{name: "with restrictions", method: http.MethodGet, path: path + "/id1?api-version=2026-05-31", status: http.StatusOK, answer: recordedIdentityOf2026},
		{name: "identity list", method: http.MethodGet, path: path + old, status: http.StatusOK, answer: `{"value": [` + recordedIdentity + `]}`},
		{name: "identity list of all groups", method: http.MethodGet, path: "/subscriptions/{s}/providers/Microsoft.ManagedIdentity/userAssignedIdentities" + old, status: http.StatusOK, answer: `{"value": [` + recordedIdentity + `]}`},
		{
			name: "federated-credential create", method: http.MethodPut, path: path + "/id1/federatedIdentityCredentials/fic1" + old, status: http.StatusCreated, answer: recordedCredential,
			body: `{"properties": {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:o/r:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}}`,
		},
		{name: "federated-credential show", method: http.MethodGet, path: path + "/id1/federatedIdentityCredentials/fic1" + old, status: http.StatusOK, answer: recordedCredential},
		{name: "federated-credential list", method: http.MethodGet, path: path + "/id1/federatedIdentityCredentials" + old, status: http.StatusOK, answer: `{"value": [` + recordedCredential + `]}`},
		{name: "federated-credential delete", method: http.MethodDelete, path: path + "/id1/federatedIdentityCredentials/fic1" + old, status: http.StatusOK},
		{name: "federated-credential delete again", method: http.MethodDelete, path: path + "/id1/federatedIdentityCredentials/fic1" + old, status: http.StatusNoContent},
		{
			name: "identity delete", method: http.MethodDelete, path: path + "/id1" + old, status: http.StatusOK,
			answerHeaders: map[string]string{"Content-Length": "0", "Content-Type": "", "x-ms-ratelimit-remaining-subscription-deletes": "197"},
		},
		{name: "identity delete again", method: http.MethodDelete, path: path + "/id1" + old, status: http.StatusNoContent},
		{
			name: "identity show of nothing", method: http.MethodGet, path: path + "/id1" + old, status: http.StatusNotFound,
			answer:        `{"error": {"code": "ResourceNotFound", "message": "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/id1' under resource group 'DevTest' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"}}`,
			answerHeaders: map[string]string{"x-ms-failure-cause": "gateway"},
		},
	})
}

func TestRecordedAssociatedResources(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	id := s.createIdentity("id1").value("id")
	path := id + "/listAssociatedResources?api-version=2022-01-31-preview"
	same(t, s.must(http.StatusOK, http.MethodPost, path, ""), `{"totalCount": 0, "value": []}`)
	s.attach(id)
	same(t, s.must(http.StatusOK, http.MethodPost, path+"&$top=1", ""), `{"totalCount": 1, "value": [{"id": "{vm}", "name": "vm-linux", "type": "Microsoft.Compute/virtualMachines",
		"resourceGroup": "DevTest", "subscriptionId": "{s}", "subscriptionDisplayName": "<text>"}]}`)
	s.refused(http.StatusNotFound, "InvalidResourceType", http.MethodPost, id+"/listAssociatedResources?api-version=2024-11-30", "")
	s.refused(http.StatusBadRequest, "InvalidTopParameter", http.MethodPost, path+"&$top=no", "")
	s.must(http.StatusOK, http.MethodDelete, id, "")
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodPost, path, "")
	s.createIdentity("id1") // Another one under the old name, which the machine does not have.
	same(t, s.must(http.StatusOK, http.MethodPost, path, ""), `{"totalCount": 0, "value": []}`)
}

func TestRecordedSystemAssignedIdentity(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	s.patchIdentity(`{"type": "SystemAssigned"}`)
	s.azure.finish()
	same(t, s.must(http.StatusOK, http.MethodGet, DefaultMachineID+"/providers/Microsoft.ManagedIdentity/identities/default", ""),
		`{"id": "{vm}/providers/Microsoft.ManagedIdentity/identities/default", "name": "default", "type": "Microsoft.ManagedIdentity/identities", "location": "westus",
		"properties": {"tenantId": "{t}", "principalId": "<guid>", "clientId": "<guid>", "clientSecretUrl": "<text>"}}`)
}
