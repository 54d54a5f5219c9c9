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
		return
	}
	assignment, err := r.Client.CreateRoleAssignment(ctx, id, plan.toARM(role))
	if exists, ok := errors.AsType[*armclient.AlreadyExistsError](err); ok {
		resp.Diagnostics.AddError("The role assignment exists already",
			fmt.Sprintf("Principal %s has the role %q at %s already, and not by this configuration. To manage the assignment here, import it:\n\n%s",
				plan.PrincipalID.ValueString(), role.Name, id.Scope(), tfvalue.ImportBlock(typeName, exists.ID.String())))
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot assign role %q to principal %s", role.Name, plan.PrincipalID.ValueString()), armclient.Describe(err))
		return
	}
	plan.fromARM(id, assignment)
	plan.RoleDefinitionName = tfvalue.RoleName.Merge(plan.RoleDefinitionName, role.Name)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

// newID returns the ID of an assignment that is to be made, under the name that the configuration gives or the computed one.
func (r *assignmentResource) newID(ctx context.Context, plan model, role armclient.Role) (armid.ID, error) {
	scope, err := armid.Parse(plan.Scope.ValueString())
	if err != nil {
		return armid.ID{}, fmt.Errorf("reading the scope: %w", err)
	}
	name := plan.Name.ValueString()
	if name == "" {
		tenant, err := r.Client.TenantID(ctx)
		if err != nil {
			return armid.ID{}, err
		}
		name = armclient.RoleAssignmentName(tenant, scope, plan.PrincipalID.ValueString(), role.GUID)
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
	assignment, err := r.Client.RoleAssignment(ctx, id)
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
	role, err := r.role(ctx, m)
	if err != nil {
		return types.StringNull()
	}
	return types.StringValue(role.Name)
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
	assignment, err := r.Client.UpdateRoleAssignment(ctx, id, plan.toARM(role))
	if err != nil {
		resp.Diagnostics.AddError("Cannot update role assignment "+id.Name(), armclient.Describe(err))
		return
	}
	plan.fromARM(id, assignment)
	plan.RoleDefinitionName = tfvalue.RoleName.Merge(plan.RoleDefinitionName, role.Name)
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
	if err := r.Client.DeleteRoleAssignment(ctx, id); err != nil {
		resp.Diagnostics.AddError("Cannot delete role assignment "+id.Name(), armclient.Describe(err))
	}
}

func (r *assignmentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if text == "" {
		var identity identityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		text = identity.importID()
	}
	id, err := parseID(text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot import a role assignment", "It is imported by its resource ID, but "+err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
}

// addRoleError tells why a role cannot be found.
func addRoleError(err error, name string, diags *diag.Diagnostics) {
	if name != "" {
		diags.AddAttributeError(path.Root("role_definition_name"), fmt.Sprintf("Cannot find the role %q", name), armclient.Describe(err))
		return
	}
	diags.AddAttributeError(path.Root("role_definition_id"), "Cannot find the role", armclient.Describe(err))
}
