// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"net/http"
	"slices"
	"strings"
)

// An identityHost is a kind of place where a process runs, in the words of messages: where it finds managed identities, which
// of them it can choose, and how it comes by one.
type identityHost struct {
	name      string
	variables []string // by which it is recognised
	service   string   // who gives out the tokens
	place     string   // what has the identities
	selectors []selectorKind
	// onlyOne says why no identity, or none by another name, can be chosen.
	onlyOne string
	// assign and assignAny say how the place comes by a certain identity, and by any at all.
	assign, assignAny string
	// lacks recognises the answer that the place does not have the identity.
	lacks func(hostAnswer) bool
}

// A selectorKind is what an identity is chosen by.
type selectorKind string

const (
	byClientID    selectorKind = "client_id"
	byPrincipalID selectorKind = "principal_id"
	byResourceID  selectorKind = "user_assigned_identity_id"
)

var everySelector = []selectorKind{byClientID, byPrincipalID, byResourceID}

// accepts reports whether identities can be chosen as a selector does.
func (h *identityHost) accepts(s IdentitySelector) bool {
	for kind, used := range map[selectorKind]bool{byClientID: s.ClientID != "", byPrincipalID: s.PrincipalID != "", byResourceID: !s.ResourceID.IsZero()} {
		if used && !slices.Contains(h.selectors, kind) {
			return false
		}
	}
	return true
}

// The hosts. Their selectors are those of azidentity's ManagedIdentityCredential and WorkloadIdentityCredential.
var (
	machineHost = &identityHost{
		name: "an Azure virtual machine or scale set", service: "IMDS", place: "this machine", selectors: everySelector,
		assign:    "Assign it with azuremi_virtual_machine_identity_assignment, and check that it is this machine that it is assigned to.",
		assignAny: "Switch on its system-assigned identity, or assign one to it, with azuremi_virtual_machine_identity_assignment.",
		lacks:     func(a hostAnswer) bool { return a.status == http.StatusBadRequest && a.code == "invalid_request" },
	}
	workloadHost = &identityHost{
		name: "a Kubernetes pod with Microsoft Entra Workload ID", variables: []string{"AZURE_FEDERATED_TOKEN_FILE"},
		service: "Microsoft Entra", place: "the service account of this pod", selectors: []selectorKind{byClientID},
		onlyOne:   "Microsoft Entra knows the identities of a pod by their client IDs. Choose one with client_id, or leave it to AZURE_CLIENT_ID.",
		assign:    "Let the identity trust the cluster's issuer and the service account with azuremi_federated_identity_credential (provider::azuremi::kubernetes_subject builds the subject).",
		assignAny: "Annotate the service account with azure.workload.identity/client-id, or choose an identity with client_id.",
	}
	appServiceHost = &identityHost{
		name: "Azure App Service, Functions or Container Apps", variables: []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER"},
		service: "App Service", place: "this app", selectors: everySelector,
		assign:    "Assign it to the app (\"az webapp identity assign --identities ID\", \"az functionapp identity assign\" or \"az containerapp identity assign\"), and check that it is this app, and this slot of it, that it is assigned to.",
		assignAny: "What is taken without a choice is the system-assigned identity: switch it on, or choose a user-assigned one with client_id, principal_id or user_assigned_identity_id.",
		lacks:     lacksManagedIdentity,
	}
	serviceFabricHost = &identityHost{
		name: "an Azure Service Fabric application", variables: []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"},
		service: "Service Fabric", place: "this application",
		onlyOne:   "The application's manifest determines the identity of each of its services. Choose none.",
		assignAny: "Give the application a managed identity in its resource, and name it in the IdentityBindingPolicy of the service in ApplicationManifest.xml.",
		lacks: func(a hostAnswer) bool {
			return a.status == http.StatusNotFound && a.code == "ManagedIdentityNotFound"
		},
	}
	azureMLHost = &identityHost{
		name: "an Azure Machine Learning compute", variables: []string{"MSI_ENDPOINT", "MSI_SECRET"},
		service: "Azure Machine Learning", place: "this compute", selectors: []selectorKind{byClientID},
		onlyOne:   "Azure Machine Learning knows its identities by their client IDs. Choose one with client_id.",
		assign:    "Assign it to the compute (\"az ml compute update --identity-type UserAssigned --user-assigned-identities ID\").",
		assignAny: "What is taken without a choice is the identity that DEFAULT_IDENTITY_CLIENT_ID names, or else the system-assigned one: switch it on, or choose another with client_id.",
		lacks:     lacksManagedIdentity,
	}
	cloudShellHost = &identityHost{
		name: "Azure Cloud Shell", variables: []string{"MSI_ENDPOINT"}, service: "Cloud Shell", place: "this Cloud Shell",
		onlyOne: "Cloud Shell gives out tokens of the user who is logged in, and no others. Choose none.",
	}
	arcHost = &identityHost{
		name: "a server enabled by Azure Arc", variables: []string{"IDENTITY_ENDPOINT", "IMDS_ENDPOINT"},
		service: "the Azure Connected Machine agent", place: "this server", selectors: everySelector,
		assign:    "Check that the identity is assigned to the server's Arc resource, and that the agent is new enough to know user-assigned identities (\"azcmagent version\"); without a choice, the server's system-assigned identity is taken.",
		assignAny: "A server has one from the time it is connected: check with \"azcmagent show\" that it is.",
		lacks: func(a hostAnswer) bool {
			return a.status == http.StatusBadRequest && a.code == "invalid_request" && strings.Contains(a.description, "not found")
		},
	}
)

// otherHosts are those that are recognised by environment variables, in the order in which they are looked for.
var otherHosts = []*identityHost{workloadHost, serviceFabricHost, appServiceHost, azureMLHost, cloudShellHost, arcHost}

// lacksManagedIdentity knows the wording, since there is no code: "No User Assigned or Delegated Managed Identity found for
// specified ClientId/ResourceId/PrincipalId.", "No Managed Identity found …", "No MSI found …", "Unable to load the proper
// Managed Identity." A status of 400 has other reasons, too.
func lacksManagedIdentity(a hostAnswer) bool {
	return a.status == http.StatusBadRequest && (strings.Contains(a.description, "Managed Identity") || strings.Contains(a.description, "MSI found"))
}
