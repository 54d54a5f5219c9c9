// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	principalID    = "66666666-6666-4666-8666-666666666666"
	assignmentName = "99999999-9999-4999-8999-999999999999" // random, as azurerm draws them
)

// The guide "Coming from azurerm" shows these configurations. Both take over what is there, and change nothing in Azure.
func TestComingFromAzurerm(t *testing.T) {
	t.Parallel()
	standIn := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(standIn, "terraform-provider-azurerm"), "./azurermstandin")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the stand-in: %v\n%s", err, output)
	}
	for folder, variables := range map[string][]string{
		"moved":  {subscription},
		"import": {subscription, "principal_id=" + principalID},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			azure := acctest.New(t, func(s *mockarm.Seed) {
				s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", PrincipalID: principalID}}
				s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: readerID, Scope: groupID, Name: assignmentName})
			})
			azure.Override("hashicorp/azurerm", standIn)
			tf := azure.Terraform("examples/coming-from-azurerm/" + folder)
			writeState(t, filepath.Join(tf.Dir, "terraform.tfstate"), azure.World().State().Identities[0])
			tf.Apply(variables...)
			for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
				if n := azure.Count(method, ""); n > 0 {
					t.Errorf("%d times %s", n, method)
				}
			}
			state, err := tf.Show(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var addresses []string
			for _, r := range state.Values.RootModule.Resources {
				addresses = append(addresses, r.Address)
			}
			slices.Sort(addresses)
			if !slices.Equal(addresses, []string{"azuremi_role_assignment.reader", "azuremi_user_assigned_identity.reader"}) {
				t.Errorf("the state has %v", addresses)
			}
			tf.Destroy(variables...)
			if after := azure.World().State(); len(after.Identities) != 0 || len(after.RoleAssignments) != 1 {
				t.Errorf("Azure still has %+v %+v", after.Identities, after.RoleAssignments)
			}
		})
	}
}

// writeState writes the state that azurerm has of the identity and its assignment.
func writeState(t *testing.T, file string, identity mockarm.IdentityState) {
	t.Helper()
	resource := func(typ string, attributes map[string]any) map[string]any {
		return map[string]any{
			"mode": "managed", "type": typ, "name": "reader", "provider": `provider["registry.terraform.io/hashicorp/azurerm"]`,
			"instances": []any{map[string]any{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []any{}}},
		}
	}
	text, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "5f1d3c1e-0000-4000-8000-000000000000",
		"outputs": map[string]any{}, "check_results": nil,
		"resources": []any{
			resource("azurerm_user_assigned_identity", map[string]any{
				"id": readerID, "name": "id-reader", "resource_group_name": "DevTest", "location": "westus", "isolation_scope": "", "tags": nil,
				"client_id": identity.ClientID, "principal_id": identity.PrincipalID, "tenant_id": mockarm.DefaultTenantID,
			}),
			resource("azurerm_role_assignment", map[string]any{
				"id":    groupID + "/providers/Microsoft.Authorization/roleAssignments/" + assignmentName,
				"name":  assignmentName,
				"scope": groupID, "principal_id": identity.PrincipalID, "principal_type": "ServicePrincipal",
				"role_definition_id":   "/subscriptions/" + mockarm.DefaultSubscriptionID + "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
				"role_definition_name": "Reader", "description": "", "condition": "", "condition_version": "",
				"delegated_managed_identity_resource_id": "", "skip_service_principal_aad_check": nil,
			}),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
