// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_user_assigned_identity"

// The times that operations take at most by default. A write takes about a second; the rest is for throttling.
const (
	writeTimeout = 5 * time.Minute
	readTimeout  = 5 * time.Minute
)

type identityResource struct {
	connected.Resource
}

var (
	_ resource.ResourceWithConfigure   = (*identityResource)(nil)
	_ resource.ResourceWithIdentity    = (*identityResource)(nil)
	_ resource.ResourceWithImportState = (*identityResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*identityResource)(nil)
	_ resource.ResourceWithMoveState   = (*identityResource)(nil)
)

// NewResource returns the resource azuremi_user_assigned_identity.
func NewResource() resource.Resource { return &identityResource{} }

func (r *identityResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName
}

func (r *identityResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A user-assigned managed identity: an identity in Microsoft Entra that is a resource of its own and can be " +
			"assigned to any number of machines.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the identity: 3 to 128 letters, digits, hyphens and underscores, the first of them a letter or digit. " +
					"Azure documents the assignment to virtual machines only for names of up to 24 characters. Changing it makes a new identity.",
				Required:      true,
				Validators:    []validator.String{tfvalue.IdentityName.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.IdentityName.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"resource_group_name": schema.StringAttribute{
				MarkdownDescription: "Name of the resource group that holds the identity. Changing it makes a new identity.",
				Required:            true,
				Validators:          []validator.String{tfvalue.ResourceGroupName.Validator()},
				PlanModifiers:       []planmodifier.String{tfvalue.ResourceGroupName.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"subscription_id": schema.StringAttribute{
				MarkdownDescription: "ID of the subscription that holds the resource group. The provider's by default. Changing it makes a new identity.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
				PlanModifiers: []planmodifier.String{
					stringplanmodifier.UseStateForUnknown(), tfvalue.GUID.KeepSpelling(), stringplanmodifier.RequiresReplace(),
				},
			},
			"location": schema.StringAttribute{
				MarkdownDescription: "Azure region of the identity. Changing it makes a new identity.",
				Required:            true,
				Validators:          []validator.String{tfvalue.Location.Validator()},
				PlanModifiers:       []planmodifier.String{tfvalue.Location.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"isolation_scope": schema.StringAttribute{
				MarkdownDescription: "Where the identity may be assigned: `None` for resources in every region (the default), `Regional` for " +
					"resources in its own region only.",
				Optional:   true,
				Computed:   true,
				Default:    stringdefault.StaticString("None"),
				Validators: []validator.String{stringvalidator.OneOf("None", "Regional")},
			},
			"tags": schema.MapAttribute{
				MarkdownDescription: "Tags of the identity.",
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          []validator.Map{mapvalidator.NoNullValues()},
			},
			"id":           tfvalue.ComputedString("Resource ID of the identity."),
			"client_id":    tfvalue.ComputedString("Client ID (application ID) of the identity, by which code on a machine asks for its token."),
			"principal_id": tfvalue.ComputedString("Object ID of the identity's service principal, to which roles are assigned."),
			"tenant_id":    tfvalue.ComputedString("ID of the Microsoft Entra tenant that the identity belongs to."),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)},
	}
}

func (r *identityResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema
}

// maxAssignableName is the length up to which the assignment to a machine is documented (Microsoft Learn: "Configure managed
// identities", note on the name of a user-assigned identity). Longer names have been seen to work.
const maxAssignableName = 24

// ModifyPlan warns of a name that the service takes but the assignment to a machine is not documented for. A validator
// would warn at every plan; this warns while the name can still be chosen.
func (r *identityResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || !req.State.Raw.IsNull() {
		return
	}
	var name types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	if n := len(name.ValueString()); n > maxAssignableName {
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "The name may be too long for a virtual machine",
			fmt.Sprintf("%q has %d characters. Azure documents the assignment of an identity to a virtual machine or scale set only for names of up to %d.",
				name.ValueString(), n, maxAssignableName))
	}
}

func (r *identityResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "create", plan.Timeouts.Create, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := plan.resourceID(r.Client.SubscriptionID(), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	identity, err := r.Client.CreateIdentity(ctx, id, plan.toARM())
	if exists, ok := errors.AsType[*armclient.AlreadyExistsError](err); ok {
		tfvalue.AddExistsError("user-assigned identity", typeName, exists.ID.String(), &resp.Diagnostics)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot create user-assigned identity %q", id.Name()), armclient.Describe(err))
		return
	}
	plan.fromARM(id, identity)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *identityResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
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
	identity, err := r.Client.Identity(ctx, id)
	if armclient.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read user-assigned identity %q", id.Name()), armclient.Describe(err))
		return
	}
	state.fromARM(id, identity)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *identityResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "update", plan.Timeouts.Update, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := plan.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	identity, err := r.Client.UpdateIdentity(ctx, id, plan.toUpdate())
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot update user-assigned identity %q", id.Name()), armclient.Describe(err))
		return
	}
	plan.fromARM(id, identity)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *identityResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "delete", state.Timeouts.Delete, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := state.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.Client.DeleteIdentity(ctx, id); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot delete user-assigned identity %q", id.Name()), armclient.Describe(err))
	}
}

func (r *identityResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if text == "" {
		var identity identityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		text = identity.id().String()
	}
	id, err := armid.ParseAs(armid.TypeUserAssignedIdentity, text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot import a user-assigned identity", "It is imported by its resource ID, but "+err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
}
