// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
	if config.RoleDefinitionID.IsNull() {
		r.planRoleByName(ctx, config.RoleDefinitionName, &plan, state, resp)
	} else {
		r.planRoleByID(ctx, config.RoleDefinitionID, &plan, state)
	}
	planConditionVersion(config, &plan)
	planTenant(config, &plan, state)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if exists && tfvalue.RoleGUID(plan.RoleDefinitionID.ValueString()) != tfvalue.RoleGUID(state.RoleDefinitionID.ValueString()) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("role_definition_id"))
	}
	if r.Client != nil && grantsMore(plan, state) {
		r.guard(plan, &resp.Diagnostics)
	}
}

// planRoleByName fills in the role's ID. What state knows of an unchanged role is taken from there: a plan without a change
// asks Azure nothing.
func (r *assignmentResource) planRoleByName(ctx context.Context, name types.String, plan *model, state model, resp *resource.ModifyPlanResponse) {
	if !state.RoleDefinitionName.IsNull() && !name.IsUnknown() && tfvalue.RoleName.Equal(name.ValueString(), state.RoleDefinitionName.ValueString()) {
		plan.RoleDefinitionName, plan.RoleDefinitionID = state.RoleDefinitionName, state.RoleDefinitionID
		return
	}
	plan.RoleDefinitionID = types.StringUnknown()
	scope, err := plan.scope()
	if r.Client == nil || name.IsUnknown() || err != nil { // the scope may not be known yet
		return
	}
	guid, err := r.Client.RoleGUID(ctx, scope, name.ValueString())
	if err != nil {
		addRoleError(err, name.ValueString(), &resp.Diagnostics)
		return
	}
	plan.RoleDefinitionID = tfvalue.RoleDefinitionID.Merge(state.RoleDefinitionID, armid.RoleDefinition(scope.SubscriptionID(), guid).String())
}

// planRoleByID fills in the role's name, where the role can be read. It is for people, and nothing depends on it.
func (r *assignmentResource) planRoleByID(ctx context.Context, id types.String, plan *model, state model) {
	guid := tfvalue.RoleGUID(id.ValueString())
	if tfvalue.RoleDefinitionID.Equal(id.ValueString(), state.RoleDefinitionID.ValueString()) {
		plan.RoleDefinitionName = state.RoleDefinitionName
		return
	}
	plan.RoleDefinitionName = types.StringUnknown()
	scope, err := plan.scope()
	if r.Client == nil || guid == "" || err != nil {
		return
	}
	if name, err := r.Client.RoleName(ctx, scope, guid); err == nil {
		plan.RoleDefinitionName = types.StringValue(name)
	}
}

// A role is what an assignment needs to know of one.
type role struct {
	guid string
	name string // "" if it cannot be read
}

// role returns the role that a plan names. It asks Azure only for what the plan could not know.
func (r *assignmentResource) role(ctx context.Context, m model) (role, error) {
	scope, err := m.scope()
	if err != nil {
		return role{}, err
	}
	found := role{guid: tfvalue.RoleGUID(m.RoleDefinitionID.ValueString()), name: m.RoleDefinitionName.ValueString()}
	if found.guid == "" {
		found.guid, err = r.Client.RoleGUID(ctx, scope, found.name)
	} else if found.name == "" {
		found.name = r.roleName(ctx, m).ValueString()
	}
	return found, err
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

// planTenant plans a tenant that the configuration does not name: what state knows, else the one that will be asked for if
// an identity is delegated, else none.
func planTenant(config model, plan *model, state model) {
	switch {
	case !config.TenantID.IsNull():
	case !state.ID.IsNull():
		plan.TenantID = state.TenantID
	case config.DelegatedManagedIdentityResourceID.IsNull():
		plan.TenantID = types.StringNull()
	default:
		plan.TenantID = types.StringUnknown()
	}
}
