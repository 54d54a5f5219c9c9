// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package federatedcredential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_federated_identity_credential"

// The times that operations take at most by default. A write takes about a second; the rest is for the writes of others to
// the same identity, for an identity that is new, and for throttling.
const (
	writeTimeout = 15 * time.Minute
	readTimeout  = 5 * time.Minute
)

type credentialResource struct {
	connected.Resource
}

var (
	_ resource.ResourceWithConfigure        = (*credentialResource)(nil)
	_ resource.ResourceWithConfigValidators = (*credentialResource)(nil)
	_ resource.ResourceWithIdentity         = (*credentialResource)(nil)
	_ resource.ResourceWithImportState      = (*credentialResource)(nil)
)

// NewResource returns the resource azuremi_federated_identity_credential.
func NewResource() resource.Resource { return &credentialResource{} }

func (r *credentialResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName
}

func (r *credentialResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = credentialSchema(ctx)
}

func (r *credentialResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema
}

func (r *credentialResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "create", plan.Timeouts.Create, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := plan.resourceID(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	credential, err := r.Client.CreateFederatedCredential(ctx, id, plan.toARM())
	if exists, ok := errors.AsType[*armclient.AlreadyExistsError](err); ok {
		tfvalue.AddExistsError("federated identity credential", typeName, exists.ID.String(), &resp.Diagnostics)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot create federated identity credential %q", id.Name()), armclient.Describe(err))
		return
	}
	plan.fromARM(id, credential)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *credentialResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
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
	credential, err := r.Client.FederatedCredential(ctx, id)
	if armclient.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read federated identity credential %q", id.Name()), armclient.Describe(err))
		return
	}
	state.fromARM(id, credential)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *credentialResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "update", plan.Timeouts.Update, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := plan.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
	credential, err := r.Client.UpdateFederatedCredential(ctx, id, plan.toARM())
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot update federated identity credential %q", id.Name()), armclient.Describe(err))
		return
	}
	plan.fromARM(id, credential)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *credentialResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "delete", state.Timeouts.Delete, writeTimeout, &resp.Diagnostics)
	defer cancel()
	id := state.idFromState(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.Client.DeleteFederatedCredential(ctx, id); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot delete federated identity credential %q", id.Name()), armclient.Describe(err))
	}
}

func (r *credentialResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if text == "" {
		var identity identityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		text = identity.id().String()
	}
	id, err := armid.ParseAs(armid.TypeFederatedCredential, text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot import a federated identity credential", "It is imported by its resource ID, but "+err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
}
