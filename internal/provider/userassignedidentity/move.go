// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// MoveState takes identities over from azurerm with a moved block.
func (r *identityResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromAzurerm}}
}

// azurermState is what counts of azurerm_user_assigned_identity's state.
type azurermState struct {
	ID                string            `json:"id"`
	Name              *string           `json:"name"`
	ResourceGroupName *string           `json:"resource_group_name"`
	Location          *string           `json:"location"`
	IsolationScope    *string           `json:"isolation_scope"`
	Tags              map[string]string `json:"tags"`
	ClientID          *string           `json:"client_id"`
	PrincipalID       *string           `json:"principal_id"`
	TenantID          *string           `json:"tenant_id"`
}

// moveFromAzurerm takes over the spellings, too, since the configuration has them.
func moveFromAzurerm(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	var from azurermState
	if !tfvalue.FromAzurerm(req, "azurerm_user_assigned_identity", &from, &resp.Diagnostics) {
		return
	}
	id, err := armid.ParseAs(armid.TypeUserAssignedIdentity, from.ID)
	if err != nil {
		resp.Diagnostics.AddError("Cannot move a user-assigned identity from azurerm", err.Error())
		return
	}
	tags := make(map[string]*string, len(from.Tags))
	for name, text := range from.Tags {
		tags[name] = &text
	}
	to := model{Timeouts: tfvalue.NoTimeouts(), attributes: attributes{
		ID:                types.StringValue(id.String()),
		Name:              tfvalue.StringOrNull(from.Name),
		ResourceGroupName: tfvalue.StringOrNull(from.ResourceGroupName),
		SubscriptionID:    types.StringValue(id.SubscriptionID()),
		Location:          tfvalue.StringOrNull(from.Location),
		IsolationScope:    tfvalue.StringOrNull(from.IsolationScope),
		Tags:              tfvalue.FromTags(types.MapNull(types.StringType), tags),
		ClientID:          tfvalue.StringOrNull(from.ClientID),
		PrincipalID:       tfvalue.StringOrNull(from.PrincipalID),
		TenantID:          tfvalue.StringOrNull(from.TenantID),
	}}
	if to.IsolationScope.IsNull() { // azurerm has no word for the default
		to.IsolationScope = types.StringValue("None")
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, to)...)
	resp.Diagnostics.Append(resp.TargetIdentity.Set(ctx, identityOf(id))...)
}
