// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"regexp"
	"strings"
)

// nextSteps say what to do about ARM's errors, by their codes.
var nextSteps = map[string]string{
	"LinkedAuthorizationFailed":                "To put an identity on a machine takes a right on the identity, too: the role Managed Identity Operator on the identity, or on its resource group. A new grant can take up to ten minutes to take effect.",
	"ScopeLocked":                              "A management lock stands in the way. Remove it (azurerm_management_lock, or \"az lock delete\") and run again.",
	"PrincipalNotFound":                        "Check that principal_id is the object ID of the principal, not its client ID, and that it is of the same tenant as the subscription.",
	"RoleAssignmentUpdateNotPermitted":         "Another role assignment has the name: one at another scope, or one that was deleted a moment ago. Choose another name, or run again in a few minutes.",
	"HashConflictOnDifferentRoleAssignmentIds": "The same role was taken from the principal a moment ago. Run again in a few minutes.",
	"UnmatchedPrincipalType":                   "Set principal_type to what the principal is: User, Group or ServicePrincipal. Managed identities are service principals.",
	"MissingSubscriptionRegistration":          "Register the resource provider in the subscription (\"az provider register --namespace NAMESPACE\"); that takes the role Contributor on the subscription, once.",
	"MissingRegistrationForResourceProvider":   "Register the resource provider in the subscription (\"az provider register --namespace NAMESPACE\"); that takes the role Contributor on the subscription, once.",
	"ResourceGroupNotFound":                    "Check the name of the resource group and its subscription.",
	"SubscriptionNotFound":                     "Check subscription_id (ARM_SUBSCRIPTION_ID), and that the credential is of the tenant that the subscription belongs to.",
	"RoleAssignmentLimitExceeded":              "The scope holds as many role assignments as Azure allows. Remove orphaned ones, or assign a role to a group or at a higher scope.",
	"RoleDefinitionDoesNotExist":               "Check the role definition's ID. A custom role can be assigned only in its assignable scopes, and a new one takes a few minutes to be known everywhere.",
	"InvalidAuthenticationTokenTenant":         "The credential is of another tenant than the subscription. Check tenant_id (ARM_TENANT_ID) and subscription_id (ARM_SUBSCRIPTION_ID).",
	"InvalidAuxiliaryTokens":                   "Check auxiliary_tenant_ids (ARM_AUXILIARY_TENANT_IDS): the login must be known in each of these tenants.",
	"FailedIdentityOperation":                  "One of the identities named in the request, or already on the machine, does not exist any more.",
	"ReadOnlyDisabledSubscription":             "The subscription is disabled. It must be enabled again before anything in it can be changed.",
	"RequestDisallowedByPolicy":                "An Azure Policy of the subscription or its management group forbids this. Its message names the policy.",
	"NoRegisteredProviderFound":                "The location or the cloud does not offer this. Check location, and the cloud in the provider configuration.",
	"LocationNotAvailableForResourceType":      "Check location.",
	"ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity": "Somebody else keeps writing to the federated credentials of the same identity. Run again later, or give timeouts more time.",
	"ParentResourceNotFound": "Check that the identity exists that the resource belongs to. A new one can take some minutes to be found everywhere.",
}

// nextStepOfForeignTenant is about a resource of another tenant that a request refers to (Microsoft Learn:
// azure-resource-manager/management/authenticate-multi-tenant).
const nextStepOfForeignTenant = "The subscription in the message belongs to another tenant. Name that tenant in auxiliary_tenant_ids (ARM_AUXILIARY_TENANT_IDS). The login must be known there, " +
	"too: a multi-tenant application has a service principal in each tenant, and this one needs its own roles there, such as Managed Identity Operator on the identity. " +
	"If it is the tenant already, a new subscription can take ten minutes to be known."

// nextStepWithoutExpressions is about a cloud or a subscription that lacks the preview which expressions need.
const nextStepWithoutExpressions = "Claims matching expressions need the preview API version " + flexibleVersion + " of Microsoft.ManagedIdentity, which this cloud or subscription does not offer. " +
	"Use subject in place of claims_matching_expression, in one credential for each subject."

// refusalText is how ARM words AuthorizationFailed.
var refusalText = regexp.MustCompile(`perform action '([^']+)' over scope '([^']+)'`)

// rolesByAction are the smallest built-in roles that allow what this provider does.
var rolesByAction = []struct{ prefix, role string }{
	{"microsoft.authorization/roleassignments/write", "Role Based Access Control Administrator"},
	{"microsoft.authorization/roleassignments/delete", "Role Based Access Control Administrator"},
	{"microsoft.managedidentity/userassignedidentities/assign", "Managed Identity Operator"},
	{"microsoft.managedidentity/userassignedidentities/read", "Managed Identity Operator"},
	{"microsoft.managedidentity/", "Managed Identity Contributor"},
	{"microsoft.compute/virtualmachines/write", "Virtual Machine Contributor"},
	{"microsoft.resources/subscriptions/resourcegroups/write", "Contributor"},
}

// nextStepOfRefusal names the role that is likely missing, and where.
func nextStepOfRefusal(message string) string {
	const delay = "A new grant can take up to ten minutes to take effect."
	match := refusalText.FindStringSubmatch(message)
	if match == nil {
		return "A role that allows this is missing, or was granted too short a while ago. " + delay
	}
	return fmt.Sprintf("What is missing is likely the role %q at the scope %s, or at one above it. %s", roleFor(match[1]), match[2], delay)
}

func roleFor(action string) string {
	action = strings.ToLower(action)
	for _, r := range rolesByAction {
		if strings.HasPrefix(action, r.prefix) {
			return r.role
		}
	}
	if strings.HasSuffix(action, "/read") {
		return "Reader"
	}
	return "Contributor"
}
