// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package acctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	moduleSource = "examples/modules/vm-managed-identity"
	moduleSeed   = "tests/world/seed.json"
)

// shellBlock is a block of commands in a page.
var shellBlock = regexp.MustCompile("(?s)\n```shell\n(.*?)```\n")

// runBlock is the head of a run in a test file.
var runBlock = regexp.MustCompile(`(?m)^run "`)

func TestTheModulePassesItsTestsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	sh := acctest.NewShell(t, moduleSource, moduleSeed)
	sh.AddMock()
	readme, err := os.ReadFile(filepath.Join(moduleFolder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(readme), -1)
	if len(blocks) != 1 {
		t.Fatalf("the README has %d blocks of commands, and not the one for the tests", len(blocks))
	}
	if _, err := sh.Run("terraform init"); err != nil {
		t.Fatal(err)
	}
	output, err := sh.Run(strings.Replace(blocks[0][1], "mockarm exec ", "mockarm exec --state world.json ", 1))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("Success! %d passed, 0 failed.", countRuns(t)); !strings.Contains(output, want) {
		t.Errorf("not %q:\n%s", want, output)
	}
	if len(untouched(t, sh).Operations) == 0 {
		t.Error("no machine was ever written, so that it proves nothing that there is nothing left")
	}
}

func countRuns(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleFolder, "tests", "*.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n += len(runBlock.FindAll(text, -1))
	}
	return n
}

// notThereYet uses the module as its README shows, with an identity that is made in the same run.
const notThereYet = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

resource "azuremi_user_assigned_identity" "shared" {
  name                = "id-new"
  resource_group_name = "DevTest"
  location            = "westus"
}

module "deployer" {
  source = "./.."

  identity            = { existing = azuremi_user_assigned_identity.shared }
  virtual_machine_ids = { web = "${local.group}/providers/Microsoft.Compute/virtualMachines/web-1" }
  role_assignments    = { operator = { scope = azuremi_user_assigned_identity.shared.id, role_definition_name = "Managed Identity Operator" } }

  federated_identity_credentials = {
    github-main = {
      issuer  = "https://token.actions.githubusercontent.com"
      subject = provider::azuremi::github_actions_subject("octo-org/octo-repo", "branch", "main")
    }
  }
}

locals {
  group = "/subscriptions/bbbbbbbb-0000-4000-8000-000000000001/resourceGroups/DevTest"
}
`

func TestTheModuleTakesAnIdentityThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	sh := acctest.NewShell(t, moduleSource, moduleSeed)
	sh.AddMock()
	root := filepath.Join(sh.Dir, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "main.tf"), []byte(notThereYet), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ command, want string }{
		{"terraform -chdir=root init", "successfully initialized"},
		{"apply -auto-approve", "4 added, 0 changed, 0 destroyed"},
		{"plan -detailed-exitcode", "No changes."},
		{"destroy -auto-approve", "4 destroyed"},
	} {
		if !strings.HasPrefix(step.command, "terraform") {
			step.command = "mockarm exec --seed " + moduleSeed + " --settings tests/world/quick.json --state world.json -- terraform -chdir=root " + step.command
		}
		if output, err := sh.Run(step.command); err != nil || !strings.Contains(output, step.want) {
			t.Fatalf("%v: not %q:\n%s", err, step.want, output)
		}
	}
	untouched(t, sh)
}

// untouched demands that the world that a shell has kept is what its seed says, and returns it.
func untouched(t *testing.T, sh *acctest.Shell) mockarm.State {
	t.Helper()
	seed := acctest.ReadSeed(t, filepath.Join(sh.Dir, moduleSeed))
	fresh, err := mockarm.NewWorld(seed, &mockarm.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	file, seeded, err := mockarm.OpenStateFile(sh.State(), seed, &mockarm.Clock{})
	if err != nil || !seeded {
		t.Fatalf("the world is of another seed, or unreadable: %v", err)
	}
	before, after := fresh.State(), file.World().State()
	if diff := cmp.Diff(before.Identities, after.Identities); diff != "" {
		t.Errorf("identities are left: %s", diff)
	}
	if was, is := len(before.RoleAssignments), len(after.RoleAssignments); was != is {
		t.Errorf("there were %d role assignments, and now there are %d", was, is)
	}
	for _, machine := range after.VirtualMachines {
		if machine.SystemAssigned != nil || len(machine.UserAssigned) > 0 {
			t.Errorf("identities are left on %s", machine.ID)
		}
	}
	for _, set := range after.VirtualMachineScaleSets {
		if set.SystemAssigned != nil || len(set.UserAssigned) > 0 {
			t.Errorf("identities are left on %s", set.ID)
		}
	}
	return after
}

// The blocks of the guide are run one after another, as a reader would.
func TestTheGuideOnTestingModulesWorks(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join(acctest.Root(), "docs", "guides", "testing-modules.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) != 3 {
		t.Fatalf("the guide has %d blocks of commands, and not those for the tests, for a bad day and for one world", len(blocks))
	}
	sh := acctest.NewShell(t, moduleSource, moduleSeed)
	sh.AddMock()
	for i, want := range []string{
		fmt.Sprintf("Success! %d passed, 0 failed.", countRuns(t)),
		"tests/created_identity.tftest.hcl... pass",
		"No changes.",
	} {
		if output, err := sh.Run(blocks[i][1]); err != nil || !strings.Contains(output, want) {
			t.Errorf("%v: not %q:\n%s", err, want, output)
		}
	}
	untouched(t, sh)
}
