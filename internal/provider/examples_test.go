// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// exampleWorld has what the examples import, in the subscription that they are written for.
func exampleWorld(s *mockarm.Seed) {
	const (
		subscription = "/subscriptions/00000000-0000-0000-0000-000000000000"
		group        = subscription + "/resourceGroups/DevTest"
		identity     = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	)
	s.Subscriptions[0].ID = strings.TrimPrefix(subscription, "/subscriptions/")
	s.RoleAssignments[0].Scope = subscription
	s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader"}, {
		ResourceGroup: "DevTest", Name: "id-deployer",
		FederatedCredentials: []mockarm.SeedFederatedCredential{{Name: "github-main", Issuer: "https://token.actions.githubusercontent.com", Subject: "me"}},
	}}
	s.VirtualMachines[0].SystemAssigned = true
	s.VirtualMachines[0].UserAssignedIdentities = []string{identity}
	s.VirtualMachineScaleSets = []mockarm.SeedScaleSet{{
		ResourceGroup: "DevTest", Name: "vmss-linux", SystemAssigned: true, UserAssignedIdentities: []string{identity},
	}}
	s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{
		Role: "Managed Identity Operator", Principal: identity, Scope: group, Name: "5d2b4e51-3f9e-4b0a-9d56-1a3c8f0e7b42",
	})
}

// The engines that the acceptance tests run may be too old for resource identities, so that these import blocks are carried
// out here, and must come to the same as the commands for older engines.
func TestImportsByIdentityAreThoseByID(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join(examples, "resources", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			p := prototest.Start(t, prototest.Seed(exampleWorld))
			blocks, commands := importBlocks(t, filepath.Join(folder, "import-by-identity.tf")), importCommands(t, filepath.Join(folder, "import.sh"))
			if len(blocks) == 0 || !slices.Equal(slices.Sorted(maps.Keys(blocks)), slices.Sorted(maps.Keys(commands))) {
				t.Fatalf("the blocks import %v, the commands %v", blocks, commands)
			}
			for address, identity := range blocks {
				typeName, _, _ := strings.Cut(address, ".")
				byIdentity, byID := p.Resource(typeName), p.Resource(typeName)
				if diags := byIdentity.ImportIdentity(identity); len(diags) > 0 {
					t.Errorf("%s by identity: %s", address, diags)
				}
				if diags := byID.Import(commands[address]); len(diags) > 0 {
					t.Errorf("%s by ID: %s", address, diags)
				}
				if got, want := byIdentity.State(), byID.State(); got == nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v by identity, and %v by ID", address, got, want)
				}
				if !reflect.DeepEqual(byIdentity.Identity(), identity) || !reflect.DeepEqual(byID.Identity(), identity) {
					t.Errorf("the identity of %s is %v, and %v by ID; the example says %v", address, byIdentity.Identity(), byID.Identity(), identity)
				}
			}
		})
	}
}

// importBlocks reads the import blocks of a file: identities by the addresses that they are imported to.
func importBlocks(t *testing.T, file string) map[string]prototest.Object {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	content, diags := parsed.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "import"}}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	blocks := map[string]prototest.Object{}
	for _, block := range content.Blocks {
		arguments, diags := block.Body.Content(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "to", Required: true}, {Name: "identity", Required: true}}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		blocks[address(t, arguments.Attributes["to"])] = identity(t, arguments.Attributes["identity"])
	}
	return blocks
}

func address(t *testing.T, to *hcl.Attribute) string {
	t.Helper()
	traversal, diags := hcl.AbsTraversalForExpr(to.Expr)
	if diags.HasErrors() || len(traversal) != 2 {
		t.Fatalf("no address at %s: %v", to.Range, diags)
	}
	name, ok := traversal[1].(hcl.TraverseAttr)
	if !ok {
		t.Fatalf("no address at %s", to.Range)
	}
	return traversal.RootName() + "." + name.Name
}

func identity(t *testing.T, argument *hcl.Attribute) prototest.Object {
	t.Helper()
	value, diags := argument.Expr.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	object := prototest.Object{}
	for name, attribute := range value.AsValueMap() {
		if attribute.Type() != cty.String {
			t.Fatalf("%s at %s is no text", name, argument.Range)
		}
		object[name] = attribute.AsString()
	}
	return object
}

// importCommand is a line of an import.sh.
var importCommand = regexp.MustCompile(`(?m)^terraform import (\S+) "?([^"\n]+)"?$`)

// importCommands reads the import commands of a file: IDs by the addresses that they are imported to.
func importCommands(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for _, command := range importCommand.FindAllStringSubmatch(string(text), -1) {
		commands[command[1]] = command[2]
	}
	return commands
}
