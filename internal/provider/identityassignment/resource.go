// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_virtual_machine_identity_assignment"

// The times that operations take at most by default. A write takes about five seconds; the rest is for others who write to
// the same machine.
const (
	writeTimeout = 30 * time.Minute
	readTimeout  = 5 * time.Minute
)

type assignmentResource struct {
	client *armclient.Client
}

var (
	_ resource.ResourceWithConfigure        = (*assignmentResource)(nil)
	_ resource.ResourceWithConfigValidators = (*assignmentResource)(nil)
	_ resource.ResourceWithIdentity         = (*assignmentResource)(nil)
	_ resource.ResourceWithImportState      = (*assignmentResource)(nil)
)

// NewResource returns the resource azuremi_virtual_machine_identity_assignment.
func NewResource() resource.Resource { return &assignmentResource{} }

func (r *assignmentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName
}

func (r *assignmentResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Assigns one managed identity to one existing virtual machine, which may belong to another configuration. Other " +
			"identities of the machine are never touched, and destroying the resource takes off this one only.",
		Attributes: map[string]schema.Attribute{
			"virtual_machine_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the virtual machine. Changing it makes a new assignment.",
				Required:            true,
				Validators:          []validator.String{tfvalue.VirtualMachineID.Validator()},
				PlanModifiers:       []planmodifier.String{tfvalue.VirtualMachineID.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"user_assigned_identity_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the user-assigned identity to assign. Exactly one of this and `system_assigned` is " +
					"set. Changing it makes a new assignment.",
				Optional:      true,
				Validators:    []validator.String{tfvalue.UserAssignedIdentityID.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.UserAssignedIdentityID.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"system_assigned": schema.BoolAttribute{
				MarkdownDescription: "`true` to switch on the machine's own system-assigned identity. Changing it makes a new assignment.",
				Optional:            true,
				Validators:          []validator.Bool{boolvalidator.Equals(true)},
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.RequiresReplace()},
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The virtual machine's resource ID, `|`, and the identity's resource ID or `SystemAssigned`.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"principal_id": schema.StringAttribute{
				MarkdownDescription: "Object ID of the identity's service principal, to which roles are assigned.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"client_id": schema.StringAttribute{
				MarkdownDescription: "Client ID (application ID) of the identity. For a system-assigned identity it is known only to those who " +
					"may read `Microsoft.ManagedIdentity/identities` of the machine.",
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Delete: true})},
	}
}

func (r *assignmentResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot("user_assigned_identity_id"), path.MatchRoot("system_assigned")),
	}
}

func (r *assignmentResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema
}

func (r *assignmentResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.client, _ = tfvalue.FromProviderData[*armclient.Client](req.ProviderData, &resp.Diagnostics)
}

func (r *assignmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "create", plan.Timeouts.Create, writeTimeout, &resp.Diagnostics)
	defer cancel()
	key := plan.key(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	assignment, err := r.client.AssignIdentity(ctx, key.machine, key.identity)
	if _, ok := errors.AsType[*armclient.AlreadyExistsError](err); ok {
		resp.Diagnostics.AddError("The virtual machine has the identity already",
			fmt.Sprintf("%s is assigned to virtual machine %q, and not by this configuration. To manage the assignment here, import it:\n\n%s",
				key.subject(), key.machine.Name(), tfvalue.ImportBlock(typeName, key.String())))
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot assign %s to virtual machine %q", key.subject(), key.machine.Name()), armclient.Describe(err))
		return
	}
	plan.fromARM(assignment)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(key))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *assignmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", state.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	key := state.keyFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform below 1.12 sends no identity, and the framework wants one even for what turns out to be gone.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(key))...)
	assignment, err := r.client.Assignment(ctx, key.machine, key.identity)
	if _, gone := errors.AsType[*armclient.NotAssignedError](err); gone || armclient.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read the identities of virtual machine %q", key.machine.Name()), armclient.Describe(err))
		return
	}
	state.fromARM(assignment)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update has nothing to tell Azure: all that can be changed in place are the timeouts.
func (r *assignmentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	key := plan.keyFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(key))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *assignmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "delete", state.Timeouts.Delete, writeTimeout, &resp.Diagnostics)
	defer cancel()
	key := state.keyFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.client.UnassignIdentity(ctx, key.machine, key.identity); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot take %s off virtual machine %q", key.subject(), key.machine.Name()), armclient.Describe(err))
	}
}

func (r *assignmentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if text == "" {
		var identity identityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		text = identity.importID()
	}
	key, err := parseKey(text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot import an identity assignment", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), key.String())...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(key))...)
}
