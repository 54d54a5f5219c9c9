// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// ModifyPlan resolves the role, so that the plan shows it and a name that does not exist fails before anything is done.
func (r *assignmentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan, state model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	exists := !req.State.Raw.IsNull()
	if exists {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	r.planRole(ctx, config, &plan, state, resp)
	planConditionVersion(config, &plan)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if exists && tfvalue.RoleGUID(plan.RoleDefinitionID.ValueString()) != tfvalue.RoleGUID(state.RoleDefinitionID.ValueString()) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("role_definition_id"))
	}
}

// planRole fills in the one of the role's two attributes that the configuration leaves out. What state knows of an
// unchanged role is taken from there: a plan without a change asks Azure nothing.
func (r *assignmentResource) planRole(ctx context.Context, config model, plan *model, state model, resp *resource.ModifyPlanResponse) {
	if !config.RoleDefinitionID.IsNull() {
		plan.RoleDefinitionName = types.StringUnknown()
		if tfvalue.RoleDefinitionID.Equal(config.RoleDefinitionID.ValueString(), state.RoleDefinitionID.ValueString()) {
			plan.RoleDefinitionName = state.RoleDefinitionName
		}
		return
	}
	name := config.RoleDefinitionName
	if !state.RoleDefinitionName.IsNull() && !name.IsUnknown() && tfvalue.RoleName.Equal(name.ValueString(), state.RoleDefinitionName.ValueString()) {
		plan.RoleDefinitionName, plan.RoleDefinitionID = state.RoleDefinitionName, state.RoleDefinitionID
		return
	}
	plan.RoleDefinitionID = types.StringUnknown()
	if r.Client == nil || name.IsUnknown() || plan.Scope.IsUnknown() {
		return
	}
	role, err := r.role(ctx, *plan)
	if err != nil {
		addRoleError(err, name.ValueString(), &resp.Diagnostics)
		return
	}
	plan.RoleDefinitionID = tfvalue.RoleDefinitionID.Merge(state.RoleDefinitionID, role.ID.String())
}

// role looks up the role that a model names.
func (r *assignmentResource) role(ctx context.Context, m model) (armclient.Role, error) {
	scope, err := armid.Parse(m.Scope.ValueString())
	if err != nil {
		return armclient.Role{}, fmt.Errorf("reading the scope: %w", err)
	}
	if guid := tfvalue.RoleGUID(m.RoleDefinitionID.ValueString()); guid != "" {
		return r.Client.RoleByGUID(ctx, scope, guid)
	}
	return r.Client.RoleByName(ctx, scope, m.RoleDefinitionName.ValueString())
}

// planConditionVersion tells the version that ARM will store: there is one exactly where there is a condition.
func planConditionVersion(config model, plan *model) {
	switch {
	case !config.ConditionVersion.IsNull():
	case config.Condition.IsUnknown():
		plan.ConditionVersion = types.StringUnknown()
	case config.Condition.IsNull():
		plan.ConditionVersion = types.StringNull()
	default:
		plan.ConditionVersion = types.StringValue(defaultConditionVersion)
	}
}
