// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// MoveState takes assignments over from azurerm with a moved block.
func (r *assignmentResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromAzurerm}}
}

// azurermState is what counts of azurerm_role_assignment's state. Its id ends in "|" and a tenant ID across tenants.
type azurermState struct {
	ID                 string  `json:"id"`
	RoleDefinitionName *string `json:"role_definition_name"`
	RoleDefinitionID   *string `json:"role_definition_id"`
	PrincipalType      *string `json:"principal_type"`
	Scope              *string `json:"scope"`
	PrincipalID        *string `json:"principal_id"`
	Name               *string `json:"name"`
	Description        *string `json:"description"`
	Condition          *string `json:"condition"`
	ConditionVersion   *string `json:"condition_version"`

	DelegatedManagedIdentityResourceID *string `json:"delegated_managed_identity_resource_id"`
}

// moveFromAzurerm takes over the spellings, too, since the configuration has them.
func moveFromAzurerm(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	var from azurermState
	if !tfvalue.FromAzurerm(req, "azurerm_role_assignment", &from, &resp.Diagnostics) {
		return
	}
	text, tenant, _ := strings.Cut(from.ID, "|")
	id, err := parseID(text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot move a role assignment from azurerm", err.Error())
		return
	}
	to := model{
		ID:                 types.StringValue(id.String()),
		TenantID:           tfvalue.StringOrNull(&tenant),
		Name:               tfvalue.StringOrNull(from.Name),
		Scope:              tfvalue.StringOrNull(from.Scope),
		RoleDefinitionName: tfvalue.StringOrNull(from.RoleDefinitionName),
		RoleDefinitionID:   tfvalue.StringOrNull(from.RoleDefinitionID),
		PrincipalID:        tfvalue.StringOrNull(from.PrincipalID),
		PrincipalType:      tfvalue.StringOrNull(from.PrincipalType),
		Description:        tfvalue.StringOrNull(from.Description),
		Condition:          tfvalue.StringOrNull(from.Condition),
		ConditionVersion:   tfvalue.StringOrNull(from.ConditionVersion),

		DelegatedManagedIdentityResourceID: tfvalue.StringOrNull(from.DelegatedManagedIdentityResourceID),

		Timeouts: tfvalue.NoTimeouts(),
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, to)...)
	resp.Diagnostics.Append(resp.TargetIdentity.Set(ctx, identityOf(id))...)
}
