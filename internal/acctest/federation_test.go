// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
)

// readAs is a program outside of Azure that logs in as an identity with what the issuer "github" says of a subject, and reads
// the resource group. It returns the status of ARM's answer.
func readAs(t *testing.T, azure *acctest.Azure, tenantID, clientID, subject string) (int, error) {
	t.Helper()
	transport := azure.SocketTransport()
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	credential, err := azidentity.NewClientAssertionCredential(tenantID, clientID,
		func(context.Context) (string, error) { return azure.Assertion("github", subject, "") },
		&azidentity.ClientAssertionCredentialOptions{
			ClientOptions:            azcore.ClientOptions{Transport: client, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: azure.URL()}},
			DisableInstanceDiscovery: true,
		})
	if err != nil {
		t.Fatal(err)
	}
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, azure.URL()+groupID+"?api-version=2022-12-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token.Token)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	return response.StatusCode, nil
}

func TestAWorkflowLogsInWithoutASecret(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	tf := azure.Terraform("examples/github-actions")
	variables := []string{subscription, "repository=octo-org/octo-repo"}
	tf.Apply(variables...)
	var clientID, tenantID string
	tf.Output("client_id", &clientID)
	tf.Output("tenant_id", &tenantID)

	if status, err := readAs(t, azure, tenantID, clientID, "repo:octo-org/octo-repo:ref:refs/heads/main"); err != nil || status != http.StatusOK {
		t.Errorf("the trusted branch reads the resource group with %d, %v", status, err)
	}
	for subject, number := range map[string]string{
		"repo:octo-org/octo-repo:pull_request":                      "AADSTS700213:",
		"repo:octo-org/other-repo:ref:refs/heads/main":              "AADSTS700213:",
		"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main": "AADSTS700213:",
		"repo:Octo-Org/octo-repo:ref:refs/heads/main":               "AADSTS7002138:",
	} {
		_, err := readAs(t, azure, tenantID, clientID, subject)
		if err == nil || !strings.Contains(err.Error(), number) || !strings.Contains(err.Error(), "'"+subject+"'") {
			t.Errorf("%s: %v", subject, err)
		}
	}

	tf.Destroy(variables...)
	clean(t, azure)
	if _, err := readAs(t, azure, tenantID, clientID, "repo:octo-org/octo-repo:ref:refs/heads/main"); err == nil || !strings.Contains(err.Error(), "AADSTS700016:") {
		t.Errorf("after all is destroyed: %v", err)
	}
}

// anyBranch trusts all branches of one repository, whatever its name becomes.
const anyBranch = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

resource "azuremi_user_assigned_identity" "this" {
  name                = "id-deployer"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_federated_identity_credential" "this" {
  name                       = "any-branch"
  user_assigned_identity_id  = azuremi_user_assigned_identity.this.id
  issuer                     = "https://token.actions.githubusercontent.com"
  claims_matching_expression = "claims['sub'] matches 'repo:octo-org@*/octo-repo@*:ref:refs/heads/*' and claims['repository_id'] eq '456789'"
}

resource "azuremi_role_assignment" "this" {
  scope                = split("/providers/", azuremi_user_assigned_identity.this.id)[0]
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.this.principal_id
}

output "client_id" {
  value = azuremi_user_assigned_identity.this.client_id
}

output "tenant_id" {
  value = azuremi_user_assigned_identity.this.tenant_id
}
`

func TestAnyBranchLogsInThroughAnExpression(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	tf := azure.Terraform(anyBranch)
	tf.Apply()
	var clientID, tenantID string
	tf.Output("client_id", &clientID)
	tf.Output("tenant_id", &tenantID)

	for _, branch := range []string{"main", "feature/wildcards"} {
		if status, err := readAs(t, azure, tenantID, clientID, "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/"+branch); err != nil || status != http.StatusOK {
			t.Errorf("the branch %s reads the resource group with %d, %v", branch, status, err)
		}
	}
	for who, subject := range map[string]string{
		"another repository":             "repo:octo-org@123456/other-repo@456790:ref:refs/heads/main",
		"another one of the same name":   "repo:octo-org@654321/octo-repo@987654:ref:refs/heads/main",
		"a tag":                          "repo:octo-org@123456/octo-repo@456789:ref:refs/tags/v1",
		"a repository that shows no IDs": "repo:octo-org/octo-repo:ref:refs/heads/main",
	} {
		if _, err := readAs(t, azure, tenantID, clientID, subject); err == nil || !strings.Contains(err.Error(), "AADSTS700213:") || !strings.Contains(err.Error(), "'"+subject+"'") {
			t.Errorf("%s: %v", who, err)
		}
	}

	if tf.HasChanges() {
		t.Error("the plan after the apply is not empty")
	}
	tf.Destroy()
	clean(t, azure)
}

// manyWorkflows are as many credentials as an identity holds, all of one apply.
const manyWorkflows = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

resource "azuremi_user_assigned_identity" "this" {
  name                = "id-deployer"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_federated_identity_credential" "each" {
  for_each                  = toset([for n in range(20) : "environment-${n}"])
  name                      = each.key
  user_assigned_identity_id = azuremi_user_assigned_identity.this.id
  issuer                    = "https://token.actions.githubusercontent.com"
  subject                   = "repo:octo-org/octo-repo:environment:${each.key}"
}
`

func TestTwentyCredentialsNeverMeet(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	tf := azure.Terraform(manyWorkflows)
	tf.Apply()
	if n := len(azure.World().State().Identities[0].FederatedCredentials); n != 20 {
		t.Errorf("Azure has %d credentials", n)
	}
	tf.Destroy()
	for _, request := range azure.Requests() {
		if request.Status == http.StatusConflict {
			t.Errorf("%s %s met another write", request.Method, request.Path)
		}
	}
}
