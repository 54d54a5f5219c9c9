// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"strings"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// builtInRoles are the roles that managed identities are mostly given, by their GUIDs (Microsoft Learn:
// role-based-access-control/built-in-roles). A built-in role has the same GUID in every tenant and cloud, and no other role
// can have its name (RoleDefinitionWithSameNameExists), so that nobody needs to be asked for these.
var builtInRoles = map[string]string{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
	"b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
	"acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
	"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
	"f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
	"e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": "Managed Identity Contributor",
	"f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
	"9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
	"4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
	"17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
	"ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
	"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
	"7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
	"4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
}

// privilegedRoles are those of [builtInRoles] by which a principal can give itself any right, or change nearly everything
// (Microsoft Learn: role-based-access-control/role-assignments-steps, "Privileged administrator roles").
var privilegedRoles = map[string]bool{
	"Owner": true, "Contributor": true, "User Access Administrator": true, "Role Based Access Control Administrator": true,
}

// RoleGUID returns the GUID of a role by its name in any casing. The common built-in roles are known; others are looked up
// among those that can be assigned at the scope.
func (c *Client) RoleGUID(ctx context.Context, scope armid.ID, name string) (string, error) {
	for guid, builtIn := range builtInRoles {
		if strings.EqualFold(builtIn, name) {
			return guid, nil
		}
	}
	role, err := c.RoleByName(ctx, scope, name)
	return role.GUID, err
}

// RoleName returns the name of a role by its GUID, as [Client.RoleGUID] does the other way round.
func (c *Client) RoleName(ctx context.Context, scope armid.ID, guid string) (string, error) {
	if name, ok := builtInRoles[strings.ToLower(guid)]; ok {
		return name, nil
	}
	role, err := c.RoleByGUID(ctx, scope, guid)
	return role.Name, err
}
