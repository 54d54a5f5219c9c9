// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// The examples of the documentation are written for a subscription of this ID.
const exampleSubscription = "00000000-0000-0000-0000-000000000000"

// exampleAzure is the Azure that the examples are about. For what reads or acts as a machine's identity it has all that is to
// be done with.
func exampleAzure(t *testing.T, kind string) *acctest.Azure {
	t.Helper()
	return acctest.New(t, func(s *mockarm.Seed) {
		s.Subscriptions[0].ID = exampleSubscription
		s.RoleAssignments[0].Scope = "/subscriptions/" + exampleSubscription
		if kind != "data-sources" && kind != "ephemeral-resources" {
			s.VirtualMachineScaleSets = []mockarm.SeedScaleSet{{ResourceGroup: "DevTest", Name: "vmss-linux"}}
			return
		}
		group := "/subscriptions/" + exampleSubscription + "/resourceGroups/DevTest"
		identity := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader"}}
		s.VirtualMachines[0].UserAssignedIdentities = []string{identity}
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: identity, Scope: group})
	})
}

// requirement makes an example, which the documentation shows without it, a whole configuration.
const requirement = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}
`

// importCommand is a line of an import.sh.
var importCommand = regexp.MustCompile(`(?m)^terraform import (\S+) "?([^"\n]+)"?$`)

func TestEveryExampleOfTheDocumentationWorks(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"resources", "data-sources", "ephemeral-resources", "functions"} {
		dirs, err := filepath.Glob(filepath.Join(acctest.Root(), "examples", kind, "*"))
		if err != nil || len(dirs) == 0 {
			t.Fatalf("there are no examples of %s: %v", kind, err)
		}
		for _, dir := range dirs {
			t.Run(filepath.Base(dir), func(t *testing.T) {
				t.Parallel()
				if kind == "ephemeral-resources" {
					acctest.NeedsEphemeralResources(t)
				}
				azure := exampleAzure(t, kind)
				before := len(azure.World().State().RoleAssignments)
				tf := azure.Terraform(readExample(t, dir))
				tf.Apply()
				if kind == "resources" {
					importEach(t, tf, filepath.Join(dir, "import.sh"))
				}
				tf.Destroy()
				if after := azure.World().State(); kind == "resources" && (len(after.Identities) > 0 || len(after.RoleAssignments) != before) {
					t.Errorf("the example leaves %+v %+v", after.Identities, after.RoleAssignments)
				}
			})
		}
	}
}

func readExample(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	configuration := requirement
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "import-") {
			continue // Run where the engine knows resource identities.
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		configuration += string(text) + "\n"
	}
	return configuration
}

// importEach takes what the import commands of an example are about out of the state, runs them, and demands that a plan
// changes nothing of what they imported.
func importEach(t *testing.T, tf *acctest.Terraform, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	commands := importCommand.FindAllStringSubmatch(string(text), -1)
	if len(commands) == 0 {
		t.Fatalf("%s holds no import command", file)
	}
	for _, command := range commands {
		address, id := command[1], command[2]
		if err := tf.StateRm(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		if err := tf.Import(t.Context(), address, id); err != nil {
			t.Fatal(err)
		}
	}
	if tf.HasChanges() {
		t.Errorf("the plan after the commands in %s is not empty", file)
	}
}

func TestTheProviderExampleIsValid(t *testing.T) {
	t.Parallel()
	azure := exampleAzure(t, "resources")
	if azure.Terraform("examples/provider").HasChanges() {
		t.Error("a provider block alone changes something")
	}
}
