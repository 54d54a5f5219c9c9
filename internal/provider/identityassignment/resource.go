// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

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
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// The times that operations take at most by default. A write takes about five seconds; the rest is for others who write to
// the same machine.
const (
	writeTimeout = 30 * time.Minute
	readTimeout  = 5 * time.Minute
	// lastLook is for finding out what became of a write when its own time is up.
	lastLook = 30 * time.Second
)

type assignmentResource struct {
	machineType

	connected.Resource
}

var (
	_ resource.ResourceWithConfigure        = (*assignmentResource)(nil)
	_ resource.ResourceWithConfigValidators = (*assignmentResource)(nil)
	_ resource.ResourceWithIdentity         = (*assignmentResource)(nil)
	_ resource.ResourceWithImportState      = (*assignmentResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*assignmentResource)(nil)
)

func (r *assignmentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.resource
}

func (r *assignmentResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = r.identitySchema()
}

// ModifyPlan replaces a stale assignment, which is one without a principal in state: the old entry has to be taken off before
// the identity can be assigned again.
func (r *assignmentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() || req.Plan.Raw.IsNull() {
		return
	}
	var principal types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("principal_id"), &principal)...)
	if resp.Diagnostics.HasError() || !principal.IsNull() {
		return
	}
	for _, name := range []string{"principal_id", "client_id"} {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), types.StringUnknown())...)
	}
	resp.RequiresReplace = append(resp.RequiresReplace, path.Root("principal_id"))
	resp.Diagnostics.AddWarning("The assignment is stale",
		"The identity was deleted, or deleted and made again under its name. The "+r.noun+" still lists it, and nobody can use it. It will be assigned again.")
}

func (r *assignmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := r.newModel()
	resp.Diagnostics.Append(req.Plan.Get(ctx, plan)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "create", plan.rest().Timeouts.Create, writeTimeout, &resp.Diagnostics)
	defer cancel()
	k := r.keyOf(plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	assignment, err := r.Client.AssignIdentity(ctx, k.machine, k.identity)
	if _, ok := errors.AsType[*armclient.AlreadyExistsError](err); ok {
		resp.Diagnostics.AddError("The "+r.noun+" has the identity already",
			fmt.Sprintf("%q has %s, and not by this configuration. To manage the assignment here, import it:\n\n%s",
				k.machine.Name(), k.subject(), tfvalue.ImportBlock(r.resource, k.String())))
		return
	}
	uncertain := false
	if err != nil && ctx.Err() != nil {
		assignment, uncertain, err = r.lookAgain(ctx, k, err)
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot assign %s to %s %q", k.subject(), r.noun, k.machine.Name()), armclient.Describe(err))
		if !uncertain {
			return
		}
		// What may or may not be there goes into state all the same. Terraform holds it for damaged, and makes it anew.
		assignment = armclient.Assignment{Machine: k.machine, Identity: k.identity}
	}
	r.fromARM(plan, assignment)
	r.warnOfUpgrade(assignment, &resp.Diagnostics)
	resp.Diagnostics.Append(r.setIdentity(ctx, resp.Identity, k)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

// lookAgain finds out what became of a write whose time was up. If the machine has the identity all is well, and err is
// forgotten. It is uncertain whether the machine will have it while the write is under way or nobody can tell.
func (r *assignmentResource) lookAgain(ctx context.Context, k key, err error) (a armclient.Assignment, uncertain bool, _ error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	a, lookErr := r.Client.Assignment(ctx, k.machine, k.identity)
	if lookErr == nil && a.Status == armclient.Assigned {
		return a, false, nil
	}
	_, begun := errors.AsType[*armclient.UnfinishedError](err)
	_, absent := errors.AsType[*armclient.NotAssignedError](lookErr)
	return armclient.Assignment{}, begun || !absent, err
}

func (r *assignmentResource) warnOfUpgrade(a armclient.Assignment, diags *diag.Diagnostics) {
	if a.NeedsUpgrade {
		diags.AddWarning("The instances of the scale set need an upgrade",
			fmt.Sprintf("The upgrade policy of %q is Manual: its instances learn of the change when they are upgraded, with \"az vmss update-instances\".", a.Machine.Name()))
	}
}

func (r *assignmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := r.newModel()
	resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", state.rest().Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	k := r.keyFromState(state, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform below 1.12 sends no identity, and the framework wants one even for what turns out to be gone.
	resp.Diagnostics.Append(r.setIdentity(ctx, resp.Identity, k)...)
	assignment, err := r.Client.Assignment(ctx, k.machine, k.identity)
	if _, gone := errors.AsType[*armclient.NotAssignedError](err); gone || armclient.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read the identities of %s %q", r.noun, k.machine.Name()), armclient.Describe(err))
		return
	}
	r.fromARM(state, assignment)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update has nothing to tell Azure: all that can be changed in place are the timeouts.
func (r *assignmentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan := r.newModel()
	resp.Diagnostics.Append(req.Plan.Get(ctx, plan)...)
	k := r.keyFromState(plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.setIdentity(ctx, resp.Identity, k)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *assignmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := r.newModel()
	resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "delete", state.rest().Timeouts.Delete, writeTimeout, &resp.Diagnostics)
	defer cancel()
	k := r.keyFromState(state, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.Client.UnassignIdentity(ctx, k.machine, k.identity); err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot take %s off %s %q", k.subject(), r.noun, k.machine.Name()), armclient.Describe(err))
	}
}

func (r *assignmentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if text == "" {
		text = r.importID(ctx, req.Identity, &resp.Diagnostics)
	}
	k, err := r.parseKey(text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot import an identity assignment", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), k.String())...)
	resp.Diagnostics.Append(r.setIdentity(ctx, resp.Identity, k)...)
}
