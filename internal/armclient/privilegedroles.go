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
	if name := builtInRoles[strings.ToLower(roleGUID)]; privilegedRoles[name] {
		return name
	}
	return ""
}
