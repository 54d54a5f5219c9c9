// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// ImportState takes an assignment by its ID, by its ID and the tenant of its scope, or by what it says.
func (r *assignmentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if text == "" {
		var identity identityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		text = identity.importID()
	}
	id, tenant, err := r.importedID(ctx, text)
	if err != nil {
		resp.Diagnostics.AddError("Cannot import a role assignment", "It is imported by its resource ID (with \"|\" and a tenant ID behind it, if the scope is of another tenant), "+
			"or by \"SCOPE|ROLE NAME|PRINCIPAL ID\".\n\n"+armclient.Describe(err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id.String())...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("tenant_id"), tenant)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityOf(id))...)
}

func (r *assignmentResource) importedID(ctx context.Context, text string) (armid.ID, types.String, error) {
	switch parts := strings.Split(text, "|"); len(parts) {
	case 1:
		id, err := parseID(text)
		return id, types.StringNull(), err
	case 2:
		id, err := parseID(parts[0])
		if err == nil && !tfvalue.GUID.Fits(parts[1]) {
			err = fmt.Errorf("%q is no tenant ID", parts[1])
		}
		return id, types.StringValue(parts[1]), err
	case 3:
		id, err := r.findAssignment(ctx, parts[0], parts[1], parts[2])
		return id, types.StringNull(), err
	default:
		return armid.ID{}, types.StringNull(), fmt.Errorf("%q has too many parts", text)
	}
}

// findAssignment returns the assignment of a role, by name, GUID or ID, to a principal at a scope.
func (r *assignmentResource) findAssignment(ctx context.Context, scopeText, roleText, principal string) (armid.ID, error) {
	scope, err := armid.Parse(scopeText)
	if err != nil {
		return armid.ID{}, fmt.Errorf("reading the scope: %w", err)
	}
	if !tfvalue.GUID.Fits(principal) {
		return armid.ID{}, fmt.Errorf("%q is no principal ID", principal)
	}
	guid := tfvalue.RoleGUID(roleText)
	if guid == "" && tfvalue.GUID.Fits(roleText) {
		guid = roleText
	}
	if guid == "" {
		if guid, err = r.Client.RoleGUID(ctx, scope, roleText); err != nil {
			return armid.ID{}, err
		}
	}
	found, err := r.Client.RoleAssignments(ctx, armclient.RoleAssignmentQuery{Scope: scope, PrincipalID: principal, RoleGUID: guid})
	if err != nil {
		return armid.ID{}, err
	}
	for id := range found { // ARM allows one
		return parseID(id)
	}
	return armid.ID{}, errors.New("the principal " + principal + " does not have that role at that very scope")
}
