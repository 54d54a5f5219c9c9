// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armid

import (
	"strings"
	"testing"
)

const (
	sub   = "/subscriptions/8a6b7c1d-0000-4000-8000-00000000000a"
	group = sub + "/resourceGroups/DevTest"
	vm    = group + "/providers/Microsoft.Compute/virtualMachines/vm-linux"
	uami  = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
)

func TestParseBringsEverySpellingToOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/":                       "/",
		sub:                       sub,
		strings.ToUpper(sub):      sub,
		sub + "/":                 sub,
		group:                     group,
		sub + "/resourcegroups/x": sub + "/resourceGroups/x",
		vm:                        vm,
		sub + "/RESOURCEGROUPS/DevTest/Providers/microsoft.compute/VIRTUALMACHINES/vm-linux": vm,
		// The managed-identity service's own spelling.
		sub + "/resourcegroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader": uami,
		vm + "/providers/microsoft.managedidentity/IDENTITIES/default":                                       vm + "/providers/Microsoft.ManagedIdentity/identities/default",
		"/providers/microsoft.authorization/roledefinitions/ACDD72A7":                                        "/providers/Microsoft.Authorization/roleDefinitions/ACDD72A7",
		"/providers/Microsoft.Management/managementgroups/corp":                                              "/providers/Microsoft.Management/managementGroups/corp",
		// A type that is not known keeps its spelling.
		group + "/providers/Contoso.Things/widgets/w/parts/p": group + "/providers/Contoso.Things/widgets/w/parts/p",
	} {
		id, err := Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if id.String() != want {
			t.Errorf("Parse(%q) = %q, want %q", text, id, want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "empty",
		"subscriptions/x":                      "does not start",
		"/subscriptions":                       "not expected",
		"/subscriptions/not-a-guid":            "GUID",
		group + "//providers/a":                "empty or dot segment",
		group + "/providers/Microsoft.Compute": "no resource type",
		group + "/providers/Microsoft.Compute/virtualMachines": "no name",
		group + "/providers":         "not expected",
		group + "/virtualMachines/x": "not expected",
		vm + "?api-version=1":        "character",
		group + " ":                  "character",
		sub + "/resourceGroups/..":   "empty or dot segment",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): error %v, want one that says %q", text, err, want)
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, typ, name, subscription, group, scope string }{
		{"/", "", "", "", "", "/"},
		{sub, TypeSubscription, "8a6b7c1d-0000-4000-8000-00000000000a", "8a6b7c1d-0000-4000-8000-00000000000a", "", sub},
		{group, TypeResourceGroup, "DevTest", "8a6b7c1d-0000-4000-8000-00000000000a", "DevTest", group},
		{vm, TypeVirtualMachine, "vm-linux", "8a6b7c1d-0000-4000-8000-00000000000a", "DevTest", group},
		{vm + "/providers/Microsoft.ManagedIdentity/identities/default", TypeIdentity, "default", "8a6b7c1d-0000-4000-8000-00000000000a", "DevTest", vm},
		{"/providers/Microsoft.Authorization/roleAssignments/g", TypeRoleAssignment, "g", "", "", "/"},
		{sub + "/providers/Microsoft.Authorization/roleAssignments/g", TypeRoleAssignment, "g", "8a6b7c1d-0000-4000-8000-00000000000a", "", sub},
		{"/providers/Microsoft.Management/managementGroups/corp", TypeManagementGroup, "corp", "", "", "/"},
		// "resourceGroups" behind "/providers/" is a type's own word.
		{"/providers/Contoso.Things/resourceGroups/x", "Contoso.Things/resourceGroups", "x", "", "", "/"},
	} {
		id, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{id.Type(), id.Name(), id.SubscriptionID(), id.ResourceGroup(), id.Scope().String()}
		want := []string{c.typ, c.name, c.subscription, c.group, c.scope}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: got %q, want %q", c.text, got, want)
				break
			}
		}
	}
}

func TestParseAsLooksAtTheWholeChain(t *testing.T) {
	t.Parallel()
	if _, err := ParseAs(TypeUserAssignedIdentity, uami); err != nil {
		t.Error(err)
	}
	if _, err := ParseAs(TypeResourceGroup, group); err != nil {
		t.Error(err)
	}
	for _, text := range []string{vm, group, vm + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader", sub + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"} {
		if id, err := ParseAs(TypeUserAssignedIdentity, text); err == nil {
			t.Errorf("ParseAs took %q for a user-assigned identity: %v", text, id)
		} else if !strings.Contains(err.Error(), "/userAssignedIdentities/example") {
			t.Errorf("the error shows no example: %v", err)
		}
	}
}

func TestBuildersMakeWhatParseReads(t *testing.T) {
	t.Parallel()
	const guid = "8A6B7C1D-0000-4000-8000-00000000000A"
	for _, id := range []ID{
		Subscription(guid),
		ResourceGroup(guid, "DevTest"),
		UserAssignedIdentity(guid, "DevTest", "id-reader"),
		FederatedCredential(UserAssignedIdentity(guid, "DevTest", "id-reader"), "github"),
		RoleAssignment(Tenant, "g"),
		RoleAssignment(ResourceGroup(guid, "DevTest"), "g"),
		RoleDefinition("", "G"),
		RoleDefinition(guid, "g"),
	} {
		parsed, err := Parse(id.String())
		if err != nil || parsed != id {
			t.Errorf("Parse(%q) = %q, %v", id, parsed, err)
		}
	}
}

func TestAChildBelongsToItsParent(t *testing.T) {
	t.Parallel()
	child, err := ParseAs(TypeFederatedCredential, strings.ToUpper(uami)+"/FEDERATEDIDENTITYCREDENTIALS/github")
	if err != nil || !strings.HasSuffix(child.String(), "/federatedIdentityCredentials/github") {
		t.Fatalf("%q, %v", child, err)
	}
	if identity, _ := Parse(uami); !child.Parent().Equal(identity) {
		t.Errorf("the parent of %q is %q", child, child.Parent())
	}
	for _, text := range []string{uami, vm, group, sub, "/", vm + "/providers/Microsoft.ManagedIdentity/identities/default"} {
		if id, err := Parse(text); err != nil || !id.Parent().IsZero() {
			t.Errorf("the parent of %q is %q, %v", text, id.Parent(), err)
		}
	}
	if _, err := ParseAs(TypeFederatedCredential, uami); err == nil || !strings.Contains(err.Error(), "/userAssignedIdentities/example/federatedIdentityCredentials/example") {
		t.Errorf("the error shows no example: %v", err)
	}
}

func TestEqualIsByMeaning(t *testing.T) {
	t.Parallel()
	a, _ := Parse(vm)
	b, _ := Parse(strings.ToUpper(vm))
	if !a.Equal(b) || a.Key() != b.Key() {
		t.Errorf("%q and %q are one machine", a, b)
	}
	if c, _ := Parse(uami); a.Equal(c) {
		t.Errorf("%q and %q are two things", a, c)
	}
	if !(ID{}).IsZero() || Tenant.IsZero() {
		t.Error("only the zero ID names nothing")
	}
}

// FuzzParse looks for a text that Parse accepts and does not read the same the second time, or that changes its meaning.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"/", sub, group, vm, uami, vm + "/providers/Microsoft.ManagedIdentity/identities/default", "/providers/a/b/c", "//", "/subscriptions/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := Parse(text)
		if err != nil {
			if !id.IsZero() {
				t.Errorf("Parse(%q) gave %q beside an error", text, id)
			}
			return
		}
		again, err := Parse(id.String())
		if err != nil || again != id {
			t.Errorf("Parse(%q) = %q, read again: %q, %v", text, id, again, err)
		}
		if !strings.EqualFold(id.String(), strings.TrimSuffix(text, "/")) && id != Tenant {
			t.Errorf("Parse(%q) = %q means something else", text, id)
		}
		if !id.Equal(id) || id.Scope().IsZero() {
			t.Errorf("%q: no scope", id)
		}
	})
}
