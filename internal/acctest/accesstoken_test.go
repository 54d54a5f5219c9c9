// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// bearer has another provider act as an identity that the same apply makes, assigns and grants. A provisioner gets the token, too.
const bearer = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
    bearer = {
      source = "azuremi/bearer"
    }
  }
}

resource "azuremi_user_assigned_identity" "reader" {
  name                = "id-reader"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_virtual_machine_identity_assignment" "reader" {
  virtual_machine_id        = "` + mockarm.DefaultMachineID + `"
  user_assigned_identity_id = azuremi_user_assigned_identity.reader.id
}

resource "azuremi_role_assignment" "reader" {
  scope                = "` + groupID + `"
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.reader.principal_id
}

ephemeral "azuremi_access_token" "reader" {
  client_id         = azuremi_user_assigned_identity.reader.client_id
  wait_for_identity = true

  depends_on = [azuremi_virtual_machine_identity_assignment.reader, azuremi_role_assignment.reader]
}

provider "bearer" {
  access_token = ephemeral.azuremi_access_token.reader.access_token
}

resource "bearer_answer" "this" {
  path = "` + groupID + `"

  provisioner "local-exec" {
    command = "echo \"$TOKEN\""

    environment = {
      TOKEN = ephemeral.azuremi_access_token.reader.access_token
    }
  }
}

output "location" {
  value = bearer_answer.this.location
}
`

// The search of all files for tokens, the saved plan among them, is every acceptance test's.
func TestAnotherProviderUsesATokenThatIsNowhere(t *testing.T) {
	t.Parallel()
	acctest.NeedsEphemeralResources(t)
	standIn := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(standIn, "terraform-provider-bearer"), "./bearerstandin")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the stand-in: %v\n%s", err, output)
	}
	azure := acctest.New(t)
	azure.Override("azuremi/bearer", standIn)
	tf := azure.Terraform(bearer)
	var written bytes.Buffer
	tf.SetStdout(&written)
	tf.SetStderr(&written)

	// The plan asks for no token: whose it would be is not known yet.
	if _, err := tf.Plan(t.Context(), tfexec.Out("saved.tfplan")); err != nil {
		t.Fatal(err)
	}
	if n := tokens(azure); n != 0 {
		t.Errorf("the plan took %d tokens", n)
	}
	if err := tf.Workspace.Apply(t.Context(), tfexec.DirOrPlan("saved.tfplan")); err != nil {
		t.Fatal(err)
	}
	var location string
	if tf.Output("location", &location); location != "westus" || tokens(azure) == 0 {
		t.Errorf("the other provider has read %q, with %d tokens", location, tokens(azure))
	}

	// From now on each plan opens it, and saves nothing of it.
	before := tokens(azure)
	if changes, err := tf.Plan(t.Context(), tfexec.Out("again.tfplan")); err != nil || changes || tokens(azure) == before {
		t.Errorf("a second plan has changes: %t, %v, after %d tokens more", changes, err, tokens(azure)-before)
	}
	tf.Destroy()
	clean(t, azure)
	if token := regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}`).FindString(written.String()); token != "" || !strings.Contains(written.String(), "Apply complete!") {
		t.Errorf("the engine wrote %.20s…, or nothing", token)
	}
}

// tokens counts the tokens that the machine's IMDS was asked for.
func tokens(azure *acctest.Azure) int {
	n := 0
	for _, r := range azure.Requests() {
		if r.Kind == mockarm.IMDSRequest && strings.HasSuffix(r.Path, "/token") {
			n++
		}
	}
	return n
}
