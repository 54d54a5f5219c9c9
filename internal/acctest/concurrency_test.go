// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// team is the configuration of one of several teams that share a machine: ten identities of its own on it.
const team = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

variable "team" {
  type = string
}

resource "azuremi_user_assigned_identity" "each" {
  for_each            = toset([for n in range(10) : tostring(n)])
  name                = "id-${var.team}-${each.key}"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_virtual_machine_identity_assignment" "each" {
  for_each                  = azuremi_user_assigned_identity.each
  virtual_machine_id        = "` + mockarm.DefaultMachineID + `"
  user_assigned_identity_id = each.value.id
}
`

func TestTwoTeamsShareAMachine(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t, func(s *mockarm.Seed) {
		s.Identities = append(s.Identities, mockarm.SeedIdentity{ResourceGroup: "DevTest", Name: "id-policy"})
		s.VirtualMachines[0].UserAssignedIdentities = []string{groupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-policy"}
		s.VirtualMachines[0].SystemAssigned = true
	})
	before := azure.World().State().VirtualMachines[0]
	teams := map[string]*acctest.Terraform{"team=red": azure.Terraform(team), "team=blue": azure.Terraform(team)}
	atOnce := func(do func(tf *acctest.Terraform, variable string) error) {
		t.Helper()
		var both sync.WaitGroup
		for variable, tf := range teams {
			both.Go(func() {
				if err := do(tf, variable); err != nil {
					t.Errorf("%s: %v", variable, err)
				}
			})
		}
		both.Wait()
	}

	atOnce(func(tf *acctest.Terraform, variable string) error { return tf.TryApply(variable) })
	if n := len(azure.World().State().VirtualMachines[0].UserAssigned); n != 21 {
		t.Errorf("the machine has %d identities, not 10 and 10 and the one of the policy", n)
	}
	for variable, tf := range teams {
		if tf.HasChanges(variable) {
			t.Errorf("the plan of %s is not empty", variable)
		}
	}

	atOnce(func(tf *acctest.Terraform, variable string) error {
		return tf.Workspace.Destroy(t.Context(), tfexec.Var(variable))
	})
	after := azure.World().State().VirtualMachines[0]
	if len(after.UserAssigned) != 1 || after.UserAssigned[0].ID != before.UserAssigned[0].ID || after.UserAssigned[0].Dead ||
		after.SystemAssigned == nil || *after.SystemAssigned != *before.SystemAssigned {
		t.Errorf("the machine was %+v and is %+v", before, after)
	}
}

// twenty assigns identities that are there already to one machine.
const twenty = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

resource "azuremi_virtual_machine_identity_assignment" "each" {
  for_each                  = toset([for n in range(20) : tostring(n)])
  virtual_machine_id        = "` + mockarm.DefaultMachineID + `"
  user_assigned_identity_id = "` + groupID + `/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${each.key}"
}
`

//nolint:paralleltest // It counts what arrives together, which on a busy machine would trickle in.
func TestTwentyAssignmentsShareTheirRequests(t *testing.T) {
	for parallelism, most := range map[int]int{10: 3, 20: 2} {
		t.Run(fmt.Sprintf("-parallelism=%d", parallelism), func(t *testing.T) {
			azure := acctest.New(t, func(s *mockarm.Seed) {
				for n := range 20 {
					s.Identities = append(s.Identities, mockarm.SeedIdentity{ResourceGroup: "DevTest", Name: fmt.Sprint("id-", n)})
				}
			})
			const vm = "/virtualMachines/vm-linux"
			tf := azure.Terraform(twenty)
			if err := tf.Workspace.Apply(t.Context(), tfexec.Parallelism(parallelism)); err != nil {
				t.Fatal(err)
			}
			if n := len(azure.World().State().VirtualMachines[0].UserAssigned); n != 20 {
				t.Errorf("the machine has %d identities", n)
			}
			patches, gets := azure.Count(http.MethodPatch, vm), azure.Count(http.MethodGet, vm)
			if patches > most || patches+gets > 10 {
				t.Errorf("the apply cost %d PATCHes and %d GETs of the machine", patches, gets)
			}
			if changes, err := tf.Plan(t.Context(), tfexec.Parallelism(parallelism)); err != nil || changes {
				t.Errorf("the plan after apply has changes: %v, %v", changes, err)
			}
			if n := azure.Count(http.MethodGet, vm) - gets; n != 1 {
				t.Errorf("the refresh cost %d GETs of the machine", n)
			}
		})
	}
}
