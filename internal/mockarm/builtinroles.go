// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import "strings"

// builtInRole is the built-in role with a GUID, nil if there is none.
func builtInRole(guid string) *RoleDefinition {
	for i := range builtInRoles {
		if strings.EqualFold(builtInRoles[i].GUID, guid) {
			return &builtInRoles[i]
		}
	}
	return nil
}

// builtIn makes an entry of the table of built-in roles, which are assignable everywhere.
func builtIn(guid, name, description string, permission Permission) RoleDefinition {
	return RoleDefinition{
		GUID: guid, RoleName: name, Description: description, Type: builtInRoleType,
		AssignableScopes: []string{"/"}, Permissions: []Permission{permission},
	}
}

// everyday are the actions that most of the built-in roles of a service hold besides those of the service.
func everyday(actions ...string) []string {
	return append(actions,
		"Microsoft.Authorization/*/read",
		"Microsoft.Insights/alertRules/*",
		"Microsoft.Resources/deployments/*",
		"Microsoft.Resources/subscriptions/resourceGroups/read",
		"Microsoft.Support/*",
	)
}

// builtInRoles are the built-in roles that matter to managed identities and to what they are used with, as documented
// (Microsoft Learn: role-based-access-control/built-in-roles).
var builtInRoles = []RoleDefinition{
	builtIn("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner",
		"Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
		Permission{Actions: []string{"*"}}),
	builtIn("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor",
		"Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
		Permission{
			Actions: []string{"*"},
			NotActions: []string{
				"Microsoft.Authorization/*/Delete",
				"Microsoft.Authorization/*/Write",
				"Microsoft.Authorization/elevateAccess/Action",
				"Microsoft.Blueprint/blueprintAssignments/write",
				"Microsoft.Blueprint/blueprintAssignments/delete",
				"Microsoft.Compute/galleries/share/action",
				"Microsoft.Purview/consents/write",
				"Microsoft.Purview/consents/delete",
				"Microsoft.Resources/deploymentStacks/manageDenySetting/action",
				"Microsoft.Subscription/cancel/action",
				"Microsoft.Subscription/enable/action",
			},
		}),
	builtIn("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader",
		"View all resources, but does not allow you to make any changes.",
		Permission{Actions: []string{"*/read"}}),
	builtIn("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator",
		"Lets you manage user access to Azure resources.",
		Permission{Actions: []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"}}),
	builtIn("f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator",
		"Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you to manage access using other ways, such as Azure Policy.",
		Permission{Actions: []string{
			"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read", "Microsoft.Support/*",
		}}),
	builtIn("e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "Managed Identity Contributor",
		"Create, Read, Update, and Delete User Assigned Identity",
		Permission{Actions: everyday(
			"Microsoft.ManagedIdentity/userAssignedIdentities/read",
			"Microsoft.ManagedIdentity/userAssignedIdentities/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/revokeTokens/action",
		)}),
	builtIn("f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator",
		"Read and Assign User Assigned Identity",
		Permission{Actions: everyday(
			"Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
			"Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
		)}),
	// The right to write machines does not include the right to assign identities to them.
	builtIn("9980e02c-c2be-4d73-94e8-173b1dc7cf3c", "Virtual Machine Contributor",
		"Lets you manage virtual machines, but not access to them, and not the virtual network or storage account they're connected to.",
		Permission{Actions: everyday(
			"Microsoft.Compute/availabilitySets/*",
			"Microsoft.Compute/locations/*",
			"Microsoft.Compute/virtualMachines/*",
			"Microsoft.Compute/virtualMachineScaleSets/*",
			"Microsoft.Compute/cloudServices/*",
			"Microsoft.Compute/disks/write",
			"Microsoft.Compute/disks/read",
			"Microsoft.Compute/disks/delete",
			"Microsoft.DevTestLab/schedules/*",
			"Microsoft.Network/applicationGateways/backendAddressPools/join/action",
			"Microsoft.Network/loadBalancers/backendAddressPools/join/action",
			"Microsoft.Network/loadBalancers/inboundNatPools/join/action",
			"Microsoft.Network/loadBalancers/inboundNatRules/join/action",
			"Microsoft.Network/loadBalancers/probes/join/action",
			"Microsoft.Network/loadBalancers/read",
			"Microsoft.Network/locations/*",
			"Microsoft.Network/networkInterfaces/*",
			"Microsoft.Network/networkSecurityGroups/join/action",
			"Microsoft.Network/networkSecurityGroups/read",
			"Microsoft.Network/publicIPAddresses/join/action",
			"Microsoft.Network/publicIPAddresses/read",
			"Microsoft.Network/virtualNetworks/read",
			"Microsoft.Network/virtualNetworks/subnets/join/action",
			"Microsoft.RecoveryServices/locations/*",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/backupProtectionIntent/write",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/*/read",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write",
			"Microsoft.RecoveryServices/Vaults/backupPolicies/read",
			"Microsoft.RecoveryServices/Vaults/backupPolicies/write",
			"Microsoft.RecoveryServices/Vaults/read",
			"Microsoft.RecoveryServices/Vaults/usages/read",
			"Microsoft.RecoveryServices/Vaults/write",
			"Microsoft.ResourceHealth/availabilityStatuses/read",
			"Microsoft.SerialConsole/serialPorts/connect/action",
			"Microsoft.SqlVirtualMachine/*",
			"Microsoft.Storage/storageAccounts/listKeys/action",
			"Microsoft.Storage/storageAccounts/read",
		)}),
	builtIn("4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor",
		"Lets you manage networks, but not access to them.",
		Permission{Actions: everyday("Microsoft.Network/*", "Microsoft.ResourceHealth/availabilityStatuses/read")}),
	builtIn("17d1049b-9a84-46fb-8f53-869881c3d3ab", "Storage Account Contributor",
		"Lets you manage storage accounts, including accessing storage account keys which provide full access to storage account data.",
		Permission{Actions: everyday(
			"Microsoft.Insights/diagnosticSettings/*",
			"Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
			"Microsoft.ResourceHealth/availabilityStatuses/read",
			"Microsoft.Storage/storageAccounts/*",
		)}),
	builtIn("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor",
		"Allows for read, write and delete access to Azure Storage blob containers and data",
		Permission{
			Actions: []string{
				"Microsoft.Storage/storageAccounts/blobServices/containers/delete",
				"Microsoft.Storage/storageAccounts/blobServices/containers/read",
				"Microsoft.Storage/storageAccounts/blobServices/containers/write",
				"Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
			},
			DataActions: []string{
				"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
				"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
				"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
				"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action",
				"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
			},
		}),
	builtIn("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader",
		"Allows for read access to Azure Storage blob containers and data",
		Permission{
			Actions: []string{
				"Microsoft.Storage/storageAccounts/blobServices/containers/read",
				"Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
			},
			DataActions: []string{"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"},
		}),
	builtIn("7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull", "acr pull",
		Permission{Actions: []string{"Microsoft.ContainerRegistry/registries/pull/read"}}),
	builtIn("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User",
		"Read secret contents. Only works for key vaults that use the 'Azure role-based access control' permission model.",
		Permission{DataActions: []string{
			"Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
		}}),
}
