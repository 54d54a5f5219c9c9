// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"

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
	if r.Client == nil || name.IsUnknown() {
		return
	}
	role, err := r.Client.RoleByName(ctx, r.roleScope(*plan), name.ValueString())
	switch {
	case err == nil && !plan.Scope.IsUnknown():
		plan.RoleDefinitionID = tfvalue.RoleDefinitionID.Merge(state.RoleDefinitionID, role.ID.String())
	case err == nil && role.IsBuiltIn(): // it is the same wherever the scope will be
		plan.RoleDefinitionID = tfvalue.RoleDefinitionID.Merge(state.RoleDefinitionID, armid.RoleDefinition("", role.GUID).String())
	case err != nil && !plan.Scope.IsUnknown():
		addRoleError(err, name.ValueString(), &resp.Diagnostics)
	}
}

// planRoleByID fills in the role's name, where the role can be read. It is for people, and nothing depends on it.
func (r *assignmentResource) planRoleByID(ctx context.Context, id types.String, plan *model, state model) {
	guid := tfvalue.RoleGUID(id.ValueString())
	if tfvalue.RoleDefinitionID.Equal(id.ValueString(), state.RoleDefinitionID.ValueString()) {
		plan.RoleDefinitionName = state.RoleDefinitionName
		return
	}
	plan.RoleDefinitionName = types.StringUnknown()
	if r.Client == nil || guid == "" {
		return
	}
	if role, err := r.Client.RoleByGUID(ctx, r.roleScope(*plan), guid); err == nil {
		plan.RoleDefinitionName = types.StringValue(role.Name)
	}
}

// roleScope is where to look for a role: the scope of the assignment, or while that is not known, the subscription that it
// is most likely in.
func (r *assignmentResource) roleScope(m model) armid.ID {
	scope, err := m.scope()
	switch {
	case err == nil:
		return scope
	case r.Client.SubscriptionID() != "":
		return armid.Subscription(r.Client.SubscriptionID())
	}
	return armid.Tenant
}

// role returns the role that a plan names. It asks Azure only if the plan could not know.
func (r *assignmentResource) role(ctx context.Context, m model) (armclient.Role, error) {
	scope, err := m.scope()
	if err != nil {
		return armclient.Role{}, err
	}
	guid := tfvalue.RoleGUID(m.RoleDefinitionID.ValueString())
	if guid == "" {
		return r.Client.RoleByName(ctx, scope, m.RoleDefinitionName.ValueString())
	}
	role := armclient.Role{ID: armid.RoleDefinition(scope.SubscriptionID(), guid), GUID: guid, Name: m.RoleDefinitionName.ValueString()}
	if role.Name == "" {
		role.Name = r.roleName(ctx, m).ValueString()
	}
	return role, nil
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
