// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_role_assignment"

// The times that operations take at most by default. A write takes about a second; the rest is for throttling and for
// principals that Azure does not know everywhere yet.
const (
	writeTimeout = 30 * time.Minute
	readTimeout  = 5 * time.Minute
)

type assignmentResource struct {
	connected.Resource
}

var (
	_ resource.ResourceWithConfigure        = (*assignmentResource)(nil)
	_ resource.ResourceWithConfigValidators = (*assignmentResource)(nil)
	_ resource.ResourceWithIdentity         = (*assignmentResource)(nil)
	_ resource.ResourceWithImportState      = (*assignmentResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*assignmentResource)(nil)
	_ resource.ResourceWithMoveState        = (*assignmentResource)(nil)
)

// NewResource returns the resource azuremi_role_assignment.
func NewResource() resource.Resource { return &assignmentResource{} }

func (r *assignmentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName
}

func (r *assignmentResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema
}

func (r *assignmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "create", plan.Timeouts.Create, writeTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	role, err := r.role(ctx, plan)
	if err != nil {
		addRoleError(err, plan.RoleDefinitionName.ValueString(), &resp.Diagnostics)
		return
	}
	id, err := r.newID(ctx, plan, role)
	if err != nil {
		resp.Diagnostics.AddError("Cannot name the role assignment", armclient.Describe(err))
	}
	r.findTenant(ctx, &plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	create := r.Client.CreateRoleAssignment
	if !plan.Name.IsUnknown() {
		create = r.Client.CreateRoleAssignmentNamed
	}
	made, assignment, err := create(ctx, id, plan.toARM(id.Scope(), role))
	if exists, ok := errors.AsType[*armclient.AlreadyExistsError](err); ok {
		addExistsError(plan, role, exists.ID, &resp.Diagnostics)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot assign role %q to principal %s", role.name, plan.PrincipalID.ValueString()), armclient.Describe(err))
		return
	}
	plan.fromARM(made, assignment)
	plan.RoleDefinitionName = roleNameOrNull(plan.RoleDefinitionName, role)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(made))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

// addExistsError hands the user the block that imports what is there.
func addExistsError(plan model, role role, existing armid.ID, diags *diag.Diagnostics) {
	diags.AddError("The role assignment exists already",
		fmt.Sprintf("Principal %s has the role %q at %s already, and not by this configuration. To manage the assignment here, import it:\n\n%s\n\n"+
			"Or set adopt_existing in the provider's configuration, and leave name out.",
			plan.PrincipalID.ValueString(), role.name, existing.Scope(), tfvalue.ImportBlock(typeName, existing.String())))
}

// findTenant looks up the tenant of a scope where an identity of another one is given a role there.
func (r *assignmentResource) findTenant(ctx context.Context, plan *model, diags *diag.Diagnostics) {
	if !plan.TenantID.IsUnknown() {
		return
	}
	plan.TenantID = types.StringNull()
	scope, err := plan.scope()
	if err != nil || plan.DelegatedManagedIdentityResourceID.IsNull() || scope.SubscriptionID() == "" {
		return
	}
	tenant, err := r.Client.TenantOf(ctx, scope.SubscriptionID())
	if err != nil {
		diags.AddAttributeError(path.Root("tenant_id"), "Cannot find out the tenant of the scope", armclient.Describe(err))
		return
	}
	plan.TenantID = types.StringValue(tenant)
}

// roleNameOrNull is the role's name for state; there is none for who may not read role definitions.
func roleNameOrNull(prior types.String, role role) types.String {
	if role.name == "" {
		return types.StringNull()
	}
	return tfvalue.RoleName.Merge(prior, role.name)
}

// newID returns the ID of an assignment that is to be made, under the name that the configuration gives or the computed one.
func (r *assignmentResource) newID(ctx context.Context, plan model, role role) (armid.ID, error) {
	scope, err := plan.scope()
	if err != nil {
		return armid.ID{}, err
	}
	name := plan.Name.ValueString()
	if name == "" {
		tenant, err := r.Client.TenantID(ctx)
		if err != nil {
			return armid.ID{}, err
		}
		name = armclient.RoleAssignmentName(tenant, scope, plan.PrincipalID.ValueString(), role.guid)
	}
	return armid.RoleAssignment(scope, name), nil
}

func (r *assignmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", state.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	id := state.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform below 1.12 sends no identity, and the framework wants one even for what turns out to be gone.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	assignment, err := r.Client.RoleAssignment(ctx, id, state.TenantID.ValueString())
	if armclient.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError("Cannot read role assignment "+id.Name(), armclient.Describe(err))
		return
	}
	before := state.RoleDefinitionID
	state.fromARM(id, assignment)
	if state.RoleDefinitionName.IsNull() || !state.RoleDefinitionID.Equal(before) {
		state.RoleDefinitionName = r.roleName(ctx, state)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// roleName returns the name of the role that a model has by ID, null for who may not read role definitions: an assignment
// is whole without it.
func (r *assignmentResource) roleName(ctx context.Context, m model) types.String {
	scope, err := m.scope()
	if err != nil {
		return types.StringNull()
	}
	name, err := r.Client.RoleName(ctx, scope, tfvalue.RoleGUID(m.RoleDefinitionID.ValueString()))
	if err != nil {
		return types.StringNull()
	}
	return types.StringValue(name)
}

func (r *assignmentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "update", plan.Timeouts.Update, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := plan.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	role, err := r.role(ctx, plan)
	if err != nil {
		addRoleError(err, plan.RoleDefinitionName.ValueString(), &resp.Diagnostics)
		return
	}
	assignment, err := r.Client.UpdateRoleAssignment(ctx, id, plan.toARM(id.Scope(), role))
	if err != nil {
		resp.Diagnostics.AddError("Cannot update role assignment "+id.Name(), armclient.Describe(err))
		return
	}
	plan.fromARM(id, assignment)
	plan.RoleDefinitionName = roleNameOrNull(plan.RoleDefinitionName, role)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *assignmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "delete", state.Timeouts.Delete, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := state.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.Client.DeleteRoleAssignment(ctx, id, state.TenantID.ValueString()); err != nil {
		resp.Diagnostics.AddError("Cannot delete role assignment "+id.Name(), armclient.Describe(err))
	}
}

// addRoleError tells why a role cannot be found.
func addRoleError(err error, name string, diags *diag.Diagnostics) {
	if name != "" {
		diags.AddAttributeError(path.Root("role_definition_name"), fmt.Sprintf("Cannot find the role %q", name), armclient.Describe(err))
		return
	}
	diags.AddAttributeError(path.Root("role_definition_id"), "Cannot find the role", armclient.Describe(err))
}
