// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	subscription = "subscription_id=" + mockarm.DefaultSubscriptionID
	groupID      = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	readerID     = groupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
)

// onTheMachine takes all credentials out of the environment but the machine's own.
var onTheMachine = acctest.Environment{
	"ARM_CLIENT_ID": "", "ARM_CLIENT_SECRET": "", "ARM_TENANT_ID": "", "ARM_SUBSCRIPTION_ID": "", "ARM_USE_CLI": "false",
	"AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": "", "AZURE_TENANT_ID": "", "AZURE_SUBSCRIPTION_ID": "",
}

// resourceGroup is what the tutorials' last request prints.
type resourceGroup struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Location   string            `json:"location"`
	Properties map[string]string `json:"properties"`
}

type readBy struct {
	ClientID           string `json:"client_id"`
	PrincipalID        string `json:"principal_id"`
	TenantID           string `json:"tenant_id"`
	IdentityResourceID string `json:"identity_resource_id"`
}

// proven demands that the read part of a tutorial has read the resource group, and returns as whom.
func proven(t *testing.T, read *acctest.Terraform) readBy {
	t.Helper()
	var group resourceGroup
	read.Output("resource_group", &group)
	if group.ID != groupID || group.Name != "DevTest" || group.Location != "westus" || group.Properties["provisioningState"] != "Succeeded" {
		t.Errorf("the resource group is %+v", group)
	}
	var by readBy
	read.Output("read_by", &by)
	return by
}

// clean demands that Azure is as it was before.
func clean(t *testing.T, azure *acctest.Azure) {
	t.Helper()
	state := azure.World().State()
	machine := state.VirtualMachines[0]
	if len(state.Identities) > 0 || len(state.RoleAssignments) != 1 || machine.SystemAssigned != nil || len(machine.UserAssigned) > 0 {
		t.Errorf("Azure still has identities %+v, role assignments %+v, machine %+v", state.Identities, state.RoleAssignments, machine)
	}
}

func TestTutorialUserAssigned(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	grant := azure.Terraform("examples/tutorial-user-assigned/grant")
	grant.Apply(subscription)
	var clientID string
	grant.Output("client_id", &clientID)

	read := azure.Terraform("examples/tutorial-user-assigned/read", onTheMachine)
	read.Apply("client_id=" + clientID)
	by := proven(t, read)
	identity := azure.World().State().Identities[0]
	if by.ClientID != clientID || by.ClientID != identity.ClientID || by.PrincipalID != identity.PrincipalID ||
		by.TenantID != mockarm.DefaultTenantID || !strings.EqualFold(by.IdentityResourceID, identity.ID) {
		t.Errorf("read by %+v, not by %+v", by, identity)
	}

	read.Destroy("client_id=" + clientID)
	grant.Destroy(subscription)
	clean(t, azure)
}

func TestQuickstartSystemAssigned(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	grant := azure.Terraform("examples/quickstart-system-assigned/grant")
	grant.Apply(subscription)

	read := azure.Terraform("examples/quickstart-system-assigned/read", onTheMachine)
	read.Apply()
	by := proven(t, read)
	own := azure.World().State().VirtualMachines[0].SystemAssigned
	if own == nil || by.ClientID != own.ClientID || by.PrincipalID != own.PrincipalID || !strings.EqualFold(by.IdentityResourceID, mockarm.DefaultMachineID) {
		t.Errorf("read by %+v, not by %+v", by, own)
	}

	read.Destroy()
	grant.Destroy(subscription)
	clean(t, azure)
}

// impatient is the read part of the tutorial without the wait.
const impatient = `
data "azuremi_resource_group" "this" {
  name                      = "DevTest"
  user_assigned_identity_id = "` + readerID + `"
}

output "location" {
  value = data.azuremi_resource_group.this.location
}

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}
`

func TestReadingIsRefusedUntilAllIsThere(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	read := azure.Terraform(impatient, onTheMachine)
	azure.Behind(http.MethodPut, readerID, `{"location":"westus"}`)
	refused(t, "before the assignment", read, "Identity not found", "azuremi_virtual_machine_identity_assignment")

	azure.Behind(http.MethodPatch, mockarm.DefaultMachineID, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+readerID+`":{}}}}`)
	refused(t, "before the grant", read, "AuthorizationFailed", "azuremi_role_assignment")

	azure.Behind(http.MethodPut, groupID+"/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001",
		`{"properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7","principalId":"`+
			azure.World().State().Identities[0].PrincipalID+`","principalType":"ServicePrincipal"}}`)
	read.Apply()
	var location string
	if read.Output("location", &location); location != "westus" {
		t.Errorf("the location is %q", location)
	}
}

func refused(t *testing.T, when string, tf *acctest.Terraform, wants ...string) {
	t.Helper()
	says(t, when, tf.TryApply(), wants...)
}

// says demands words of an error.
func says(t *testing.T, when string, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s it was read", when)
	}
	// The engine wraps its messages; what counts are the words.
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == ' ' || r == '│' }), " ")
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s the error lacks %q:\n%v", when, want, err)
		}
	}
}
