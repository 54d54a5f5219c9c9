// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// NoMetadataServiceError says that nothing answers where IMDS should be.
type NoMetadataServiceError struct {
	Endpoint string
	Err      error
}

// Error implements error.
func (e *NoMetadataServiceError) Error() string {
	var others []string
	for _, host := range otherHosts {
		others = append(others, fmt.Sprintf("%s (%s)", host.name, enumerate(host.variables, "and")))
	}
	return fmt.Sprintf("Nothing answers at %s, where an Azure machine finds its instance metadata service (IMDS): %v. Is this an Azure virtual machine? A managed identity can be used only where it is assigned. If IMDS is elsewhere, name its address in ARM_MSI_ENDPOINT. No other host of managed identities was recognised by its environment variables: %s.",
		e.Endpoint, e.Err, enumerate(others, "or"))
}

// Unwrap returns the failure of the connection.
func (e *NoMetadataServiceError) Unwrap() error { return e.Err }

// NonRetriable marks the error for azcore: where there is no IMDS, there is none a little later.
func (*NoMetadataServiceError) NonRetriable() {}

func (*NoMetadataServiceError) explained() {}

// NoHostEndpointError says that nothing answers where the environment says that a host gives out tokens.
type NoHostEndpointError struct {
	Endpoint string
	Err      error

	host *identityHost
}

// Error implements error.
func (e *NoHostEndpointError) Error() string {
	where := "where it gives out tokens"
	if len(e.host.variables) > 0 {
		where = "which " + e.host.variables[0] + " names"
	}
	return fmt.Sprintf("This process seems to run on %s, but nothing answers at %s, %s: %v. If it does not run there, unset %s.",
		e.host.name, e.Endpoint, where, e.Err, enumerate(e.host.variables, "and"))
}

// Unwrap returns the failure of the connection.
func (e *NoHostEndpointError) Unwrap() error { return e.Err }

// NonRetriable marks the error for azcore, as that of [NoMetadataServiceError].
func (*NoHostEndpointError) NonRetriable() {}

func (*NoHostEndpointError) explained() {}

// IdentityUnavailableError says that the host has no identity that a selector chooses.
type IdentityUnavailableError struct {
	Selector    IdentitySelector
	Description string // the host's own words

	host *identityHost
}

// Error implements error.
func (e *IdentityUnavailableError) Error() string {
	what := "The managed identity " + e.Selector.String() + " is not assigned to " + e.host.place
	how := e.host.assign
	if e.Selector == (IdentitySelector{}) {
		what = capitalized(e.host.place) + " has no managed identity"
		if e.host == appServiceHost || e.host == azureMLHost {
			what += " to take without a choice"
		}
		how = e.host.assignAny
	}
	if e.Description != "" {
		what += fmt.Sprintf(" (%s says: %s)", e.host.service, strings.TrimSuffix(e.Description, "."))
	}
	return what + ". " + how + " A new assignment can take a moment to take effect; wait_for_access = true (wait_for_identity = true for a token) waits for it."
}

func (*IdentityUnavailableError) explained() {}

// SelectorRefusedError says that the host does not let its identities be chosen as a selector does.
type SelectorRefusedError struct {
	Selector IdentitySelector

	host *identityHost
}

// Error implements error.
func (e *SelectorRefusedError) Error() string {
	return fmt.Sprintf("This process runs on %s, where the managed identity %s cannot be chosen. %s", e.host.name, e.Selector, e.host.onlyOne)
}

func (*SelectorRefusedError) explained() {}

// SeveralIdentitiesError says that the machine has several user-assigned identities, and none was chosen.
type SeveralIdentitiesError struct {
	Machine string // its resource ID; "" if it is not known
}

// Error implements error.
func (e *SeveralIdentitiesError) Error() string {
	text := "This machine has several user-assigned identities and no system-assigned one, so that it has no default. Choose one with client_id, principal_id or user_assigned_identity_id."
	if e.Machine != "" {
		text += fmt.Sprintf(" The machine is %s; the data source azuremi_virtual_machine_identity lists its identities with their IDs, and so does \"az vm identity show --ids %s\".", e.Machine, e.Machine)
	}
	return text
}

func (*SeveralIdentitiesError) explained() {}

// ArcKeyError says that the process could not prove to the agent of an Arc server that it may use the server's identity.
type ArcKeyError struct {
	Err error
}

// Error implements error.
func (e *ArcKeyError) Error() string {
	return "The Azure Connected Machine agent gives out tokens only to who can read its key files, and this process cannot: " + scrub(e.Err.Error()) +
		" On Linux, run Terraform as a user of the group himds (\"sudo usermod -aG himds USER\", and log in again); on Windows, as an administrator or a member of \"Hybrid agent extension applications\"."
}

// Unwrap returns what azidentity says.
func (e *ArcKeyError) Unwrap() error { return e.Err }

func (*ArcKeyError) explained() {}

// NoSubscriptionError says that the host does not tell which subscription it is in.
type NoSubscriptionError struct{ host *identityHost }

// Error implements error.
func (e *NoSubscriptionError) Error() string {
	return capitalized(e.host.name) + " does not tell which subscription it is in. Set subscription_id, here or in the provider, or ARM_SUBSCRIPTION_ID."
}

func (*NoSubscriptionError) explained() {}

// MetadataServiceError is any other refusal of IMDS or of another host.
type MetadataServiceError struct {
	Status            int
	Code, Description string

	host *identityHost
}

// Error implements error.
func (e *MetadataServiceError) Error() string {
	who := "The machine's instance metadata service (IMDS)"
	if e.host != machineHost {
		who = capitalized(e.host.service)
	}
	text := fmt.Sprintf("%s answers with HTTP status %d %s", who, e.Status, http.StatusText(e.Status))
	if detail := strings.Trim(e.Code+": "+e.Description, ": "); detail != "" {
		text += ": " + detail
	}
	if e.Code == "AudienceNotSupported" || strings.Contains(e.Code+e.Description, "AADSTS500011") || e.Code == "invalid_resource" {
		text = strings.TrimSuffix(text, ".") + ". Check the audience: the service that the token is for must be known in the tenant, and on " + e.host.name + "."
	}
	return text
}

func (*MetadataServiceError) explained() {}

func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// AccessRefusedError says that a managed identity may not read what it was to read.
type AccessRefusedError struct {
	Scope armid.ID
	Who   TokenIdentity
	Err   error
}

// Error implements error.
func (e *AccessRefusedError) Error() string {
	return fmt.Sprintf("The managed identity with the client ID %s and the object ID %s may not read %s. Grant it the role \"Reader\" there, or at a scope above, with azuremi_role_assignment. A new grant can take up to ten minutes to take effect; wait_for_access = true waits for it. Azure's answer was: %s",
		e.Who.ClientID, e.Who.PrincipalID, e.Scope, summary(e.Err))
}

// Unwrap returns ARM's answer.
func (e *AccessRefusedError) Unwrap() error { return e.Err }

func (*AccessRefusedError) explained() {}
