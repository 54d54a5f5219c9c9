// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"strings"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// PrivilegedRoles says what becomes of the assignment of a privileged role.
type PrivilegedRoles string

// What can become of the assignment of a privileged role.
const (
	AllowPrivilegedRoles PrivilegedRoles = "allow"
	WarnPrivilegedRoles  PrivilegedRoles = "warn"
	DenyPrivilegedRoles  PrivilegedRoles = "deny"
)

// PrivilegedRoles returns what is configured, a warning by default.
func (c *Client) PrivilegedRoles() PrivilegedRoles {
	return cmp.Or(c.config.PrivilegedRoles, WarnPrivilegedRoles)
}

// privileged are the roles by which a principal can give itself any right, or change nearly everything (Microsoft Learn:
// role-based-access-control/role-assignments-steps, "Privileged administrator roles"). They have the same GUIDs everywhere.
var privileged = map[string]string{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
	"b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
	"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
	"f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}

// PrivilegedRole returns the name of a role, by its GUID, that is privileged at a scope: a subscription, a management group
// or the tenant. It is "" for any other.
func PrivilegedRole(scope armid.ID, roleGUID string) string {
	switch scope.Type() {
	case armid.TypeSubscription, armid.TypeManagementGroup:
	default:
		if !scope.Equal(armid.Tenant) {
			return ""
		}
	}
	return privileged[strings.ToLower(roleGUID)]
}
