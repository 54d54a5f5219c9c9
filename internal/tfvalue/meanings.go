// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// The meanings that attributes of azuremi have.
var (
	// VirtualMachineID is the resource ID of a virtual machine.
	VirtualMachineID = idOf("the resource ID of a virtual machine", armid.TypeVirtualMachine)
	// VirtualMachineScaleSetID is the resource ID of a virtual machine scale set.
	VirtualMachineScaleSetID = idOf("the resource ID of a virtual machine scale set", armid.TypeVirtualMachineScaleSet)
	// UserAssignedIdentityID is the resource ID of a user-assigned identity.
	UserAssignedIdentityID = idOf("the resource ID of a user-assigned identity", armid.TypeUserAssignedIdentity)
	// Scope is the ID of anything that a role can be assigned at.
	Scope = Meaning{
		description: "a scope: the resource ID of a resource, a resource group, a subscription or a management group, or \"/\"",
		check:       func(text string) error { _, err := armid.Parse(text); return err },
		equal:       sameID,
	}
	// ResourceID is the ID of any resource.
	ResourceID = Meaning{
		description: "a resource ID",
		check:       func(text string) error { _, err := armid.Parse(text); return err },
		equal:       sameID,
	}
	// Condition is a condition of attribute-based access control. White space between its words is for people.
	Condition = Meaning{description: "a condition", check: notEmpty, equal: func(a, b string) bool { return unspaced(a) == unspaced(b) }}
	// RoleDefinitionID is the ID of a role definition. The GUID at its end is what counts: ARM knows the same role under the
	// tenant and under every subscription, and answers with the latter.
	RoleDefinitionID = Meaning{
		description: "the ID of a role definition",
		check: func(text string) error {
			if RoleGUID(text) == "" {
				return fmt.Errorf("%q does not end in /providers/Microsoft.Authorization/roleDefinitions/ and a GUID", text)
			}
			return nil
		},
		equal: func(a, b string) bool { return RoleGUID(a) != "" && RoleGUID(a) == RoleGUID(b) },
	}
	// RoleName is the name of a role, which ARM finds without regard to case.
	RoleName = Meaning{description: "the name of a role", check: notEmpty, equal: strings.EqualFold}
	// ResourceGroupName is the name of a resource group.
	ResourceGroupName = Meaning{
		description: "the name of a resource group: 1 to 90 letters, digits, \"-\", \"_\", \"(\", \")\" and \".\", and no \".\" at the end",
		check: func(text string) error {
			if !resourceGroupName.MatchString(text) || strings.HasSuffix(text, ".") {
				return fmt.Errorf("it is %q", text)
			}
			return nil
		},
		equal: strings.EqualFold,
	}
	// IdentityName is the name of a user-assigned identity.
	IdentityName = Meaning{
		description: "the name of a user-assigned identity: 3 to 128 letters, digits, \"-\" and \"_\", the first of them a letter or digit",
		check: func(text string) error {
			if !identityName.MatchString(text) {
				return fmt.Errorf("it is %q, with %d characters", text, len(text))
			}
			return nil
		},
		equal: strings.EqualFold,
	}
	// Audience is what a token is for: a resource of Microsoft Entra, or the scope "/.default" of one.
	Audience = Meaning{
		description: "the audience of a token: the URL of a service, or the client ID of an application",
		check:       checkAudience,
		equal: func(a, b string) bool {
			return strings.TrimSuffix(a, "/.default") == strings.TrimSuffix(b, "/.default")
		},
	}
	// Location is an Azure region by its name or its display name.
	Location = Meaning{
		description: "the name of an Azure region, such as \"westus\"",
		check:       notEmpty,
		equal:       func(a, b string) bool { return regionName(a) == regionName(b) },
	}
	// GUID is an object ID, a client ID, a tenant ID or a subscription ID.
	GUID = Meaning{
		description: "a GUID",
		check: func(text string) error {
			if len(text) != 36 || uuid.Validate(text) != nil {
				return fmt.Errorf("it is %q, and a GUID looks like \"00000000-0000-0000-0000-000000000000\"", text)
			}
			return nil
		},
		equal: strings.EqualFold,
	}
)

// ARM's rules for names (Microsoft Learn: "Naming rules and restrictions for Azure resources").
var (
	resourceGroupName = regexp.MustCompile(`^[-\p{L}\p{N}._()]{1,90}$`)
	identityName      = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}$`)
)

// RoleGUID returns the GUID of a role from its ID in the tenant's or a subscription's form, "" if it is no such ID.
func RoleGUID(text string) string {
	id, err := armid.Parse(text)
	if err != nil || id.Type() != armid.TypeRoleDefinition || GUID.check(id.Name()) != nil {
		return ""
	}
	return strings.ToLower(id.Name())
}

func idOf(description, typ string) Meaning {
	return Meaning{
		description: description,
		check:       func(text string) error { _, err := armid.ParseAs(typ, text); return err },
		equal:       sameID,
	}
}

func sameID(a, b string) bool {
	left, err := armid.Parse(a)
	if err != nil {
		return false
	}
	right, err := armid.Parse(b)
	return err == nil && left.Equal(right)
}

// regionName turns a display name ("West US 2") into the name that ARM answers with ("westus2").
func regionName(text string) string { return strings.ToLower(strings.ReplaceAll(text, " ", "")) }

// checkAudience refuses what no resource of Microsoft Entra is called. Their URLs have many schemes, and no query or fragment.
func checkAudience(text string) error {
	name := strings.TrimSuffix(text, "/.default")
	if GUID.Fits(name) {
		return nil
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme == "" || u.Host+u.Opaque == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(name, " \t\r\n") {
		return fmt.Errorf("it is %q, and an audience looks like \"https://vault.azure.net\"", text)
	}
	return nil
}

func notEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty")
	}
	return nil
}
