// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"net/http"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// Each object of the tutorial is taken away behind Terraform's back, and comes back with the next apply.
func TestDriftIsSeenAndMended(t *testing.T) {
	t.Parallel()
	for name, takeAway := range map[string]func(*acctest.Azure){
		"the assignment to the machine": func(a *acctest.Azure) {
			a.Behind(http.MethodPatch, mockarm.DefaultMachineID, `{"identity":{"type":"None"}}`)
		},
		"the role assignment": func(a *acctest.Azure) {
			for _, assignment := range a.World().State().RoleAssignments {
				if assignment.RoleName == "Reader" {
					a.Behind(http.MethodDelete, assignment.ID, "")
				}
			}
		},
		"the tags of the identity": func(a *acctest.Azure) {
			a.Behind(http.MethodPatch, readerID, `{"tags":{"by":"hand"}}`)
		},
		"the identity and all that hangs on it": func(a *acctest.Azure) {
			a.Behind(http.MethodPatch, mockarm.DefaultMachineID, `{"identity":{"type":"None"}}`)
			a.Behind(http.MethodDelete, readerID, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			azure := acctest.New(t)
			grant := azure.Terraform("examples/tutorial-user-assigned/grant")
			grant.Apply(subscription)
			takeAway(azure)
			if !grant.HasChanges(subscription) {
				t.Error("the plan does not see it")
			}
			grant.Apply(subscription)
			state := azure.World().State()
			machine := state.VirtualMachines[0]
			if len(state.Identities) != 1 || len(state.Identities[0].Tags) != 0 || len(machine.UserAssigned) != 1 || machine.UserAssigned[0].Dead {
				t.Errorf("Azure has identities %+v on machine %+v", state.Identities, machine)
			}
			granted := false
			for _, assignment := range state.RoleAssignments {
				granted = granted || assignment.RoleName == "Reader" && assignment.PrincipalID == state.Identities[0].PrincipalID
			}
			if !granted {
				t.Errorf("Azure has role assignments %+v", state.RoleAssignments)
			}
		})
	}
}

// severalOnOneMachine assigns two identities of its own and the machine's own in one apply.
const severalOnOneMachine = `
resource "azuremi_user_assigned_identity" "each" {
  for_each            = toset(["id-a", "id-b"])
  name                = each.key
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_virtual_machine_identity_assignment" "each" {
  for_each                  = azuremi_user_assigned_identity.each
  virtual_machine_id        = "` + mockarm.DefaultMachineID + `"
  user_assigned_identity_id = each.value.id
}

resource "azuremi_virtual_machine_identity_assignment" "own" {
  virtual_machine_id = "` + mockarm.DefaultMachineID + `"
  system_assigned    = true
}

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}
`

func TestSeveralIdentitiesOnOneMachineInOneApply(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t, func(s *mockarm.Seed) {
		s.Identities = append(s.Identities, mockarm.SeedIdentity{ResourceGroup: "DevTest", Name: "id-policy"})
		s.VirtualMachines[0].UserAssignedIdentities = []string{groupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-policy"}
	})
	tf := azure.Terraform(severalOnOneMachine)
	tf.Apply()
	if machine := azure.World().State().VirtualMachines[0]; len(machine.UserAssigned) != 3 || machine.SystemAssigned == nil {
		t.Errorf("the machine has %+v", machine)
	}
	tf.Destroy()
	machine := azure.World().State().VirtualMachines[0]
	if len(machine.UserAssigned) != 1 || machine.UserAssigned[0].Dead || machine.SystemAssigned != nil {
		t.Errorf("the machine has %+v", machine)
	}
	if puts := azure.Count(http.MethodPut, "/virtualMachines/vm-linux"); puts > 0 {
		t.Errorf("the machine was written whole %d times", puts)
	}
}
