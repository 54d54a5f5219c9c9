// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armid

import (
	"fmt"
	"strings"
)

// The types of resources that azuremi works with, as Azure documents them.
const (
	TypeSubscription           = "Microsoft.Resources/subscriptions"
	TypeResourceGroup          = "Microsoft.Resources/resourceGroups"
	TypeManagementGroup        = "Microsoft.Management/managementGroups"
	TypeUserAssignedIdentity   = "Microsoft.ManagedIdentity/userAssignedIdentities"
	TypeFederatedCredential    = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
	TypeIdentity               = "Microsoft.ManagedIdentity/identities"
	TypeVirtualMachine         = "Microsoft.Compute/virtualMachines"
	TypeVirtualMachineScaleSet = "Microsoft.Compute/virtualMachineScaleSets"
	TypeRoleAssignment         = "Microsoft.Authorization/roleAssignments"
	TypeRoleDefinition         = "Microsoft.Authorization/roleDefinitions"
)

// spellings gives the canonical spelling of the types that are known, by their lower case.
var spellings = func() map[string]string {
	m := map[string]string{}
	for _, typ := range []string{
		TypeManagementGroup, TypeUserAssignedIdentity, TypeFederatedCredential, TypeIdentity, TypeVirtualMachine, TypeVirtualMachineScaleSet, TypeRoleAssignment, TypeRoleDefinition,
	} {
		m[strings.ToLower(typ)] = typ
	}
	return m
}()

// spell returns the canonical spelling of a type. One that is not known keeps the spelling it came in, since there is no
// telling which is right.
func spell(typ string) string {
	if known, ok := spellings[strings.ToLower(typ)]; ok {
		return known
	}
	return typ
}

// ParseAs reads a resource ID and demands that it is of the given type, directly in a resource group where the type is
// one of a provider. The whole chain counts: an identity of a resource group is something else than an identity that
// hangs on a machine, though both have a subscription, a resource group and a name.
func ParseAs(typ, text string) (ID, error) {
	id, err := Parse(text)
	if err != nil {
		return ID{}, err
	}
	if id.Type() != typ || id.Scope().Type() != TypeResourceGroup {
		return ID{}, fmt.Errorf("%q is not the ID of a %s resource; one looks like %q", text, typ, example(typ))
	}
	return id, nil
}

func example(typ string) string {
	group := "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example"
	if typ == TypeResourceGroup {
		return group
	}
	namespace, types, _ := strings.Cut(typ, "/")
	return group + "/providers/" + namespace + "/" + strings.ReplaceAll(types, "/", "/example/") + "/example"
}

// Subscription returns the ID of a subscription.
func Subscription(subscriptionID string) ID {
	return ID{path: "/subscriptions/" + strings.ToLower(subscriptionID)}
}

// ResourceGroup returns the ID of a resource group.
func ResourceGroup(subscriptionID, name string) ID {
	return ID{path: Subscription(subscriptionID).path + "/resourceGroups/" + name}
}

// UserAssignedIdentity returns the ID of a user-assigned identity.
func UserAssignedIdentity(subscriptionID, resourceGroup, name string) ID {
	return ResourceGroup(subscriptionID, resourceGroup).Child(TypeUserAssignedIdentity, name)
}

// FederatedCredential returns the ID of a federated identity credential of a user-assigned identity.
func FederatedCredential(identity ID, name string) ID {
	return ID{path: identity.path + "/federatedIdentityCredentials/" + name}
}

// RoleAssignment returns the ID of a role assignment at a scope. Its name is a GUID.
func RoleAssignment(scope ID, name string) ID {
	return scope.Child(TypeRoleAssignment, name)
}

// RoleDefinition returns the ID of a role definition as seen from a subscription, which is the form that ARM answers
// with; from the tenant for "".
func RoleDefinition(subscriptionID, guid string) ID {
	scope := Tenant
	if subscriptionID != "" {
		scope = Subscription(subscriptionID)
	}
	return scope.Child(TypeRoleDefinition, strings.ToLower(guid))
}
