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
	return fmt.Sprintf("Nothing answers at %s, where an Azure machine finds its instance metadata service (IMDS): %v. Is this an Azure virtual machine? A managed identity can be used only on the machine that has it. If IMDS is elsewhere, name its address in ARM_MSI_ENDPOINT.", e.Endpoint, e.Err)
}

// Unwrap returns the failure of the connection.
func (e *NoMetadataServiceError) Unwrap() error { return e.Err }

// NonRetriable marks the error for azcore: where there is no IMDS, there is none a little later.
func (*NoMetadataServiceError) NonRetriable() {}

func (*NoMetadataServiceError) explained() {}

// IdentityUnavailableError says that the machine has no identity that a selector chooses.
type IdentityUnavailableError struct {
	Selector    IdentitySelector
	Description string // IMDS's own words
}

// Error implements error.
func (e *IdentityUnavailableError) Error() string {
	what := "The managed identity " + e.Selector.String() + " is not assigned to this machine"
	how := "Assign it with azuremi_virtual_machine_identity_assignment, and check that it is this machine that it is assigned to."
	if e.Selector == (IdentitySelector{}) {
		what = "This machine has no managed identity"
		how = "Switch on its system-assigned identity, or assign one to it, with azuremi_virtual_machine_identity_assignment."
	}
	if e.Description != "" {
		what += fmt.Sprintf(" (IMDS says: %s)", strings.TrimSuffix(e.Description, "."))
	}
	return what + ". " + how + " A new assignment can take a moment to take effect; wait_for_access = true waits for it."
}

func (*IdentityUnavailableError) explained() {}

// SeveralIdentitiesError says that the machine has several user-assigned identities, and none was chosen.
type SeveralIdentitiesError struct{}

// Error implements error.
func (*SeveralIdentitiesError) Error() string {
	return "This machine has several user-assigned identities and no system-assigned one, so that it has no default. Choose one with client_id, principal_id or user_assigned_identity_id."
}

func (*SeveralIdentitiesError) explained() {}

// MetadataServiceError is any other refusal of IMDS.
type MetadataServiceError struct {
	Status            int
	Code, Description string
}

// Error implements error.
func (e *MetadataServiceError) Error() string {
	text := fmt.Sprintf("The machine's instance metadata service (IMDS) answers with HTTP status %d %s", e.Status, http.StatusText(e.Status))
	if detail := strings.Trim(e.Code+": "+e.Description, ": "); detail != "" {
		text += ": " + detail
	}
	return text
}

func (*MetadataServiceError) explained() {}

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
