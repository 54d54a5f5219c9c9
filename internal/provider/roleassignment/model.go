// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// defaultConditionVersion is the only version that Azure takes new conditions in (Microsoft Learn: "Azure role assignment
// condition format and syntax").
const defaultConditionVersion = "2.0"

type model struct {
	ID                 types.String   `tfsdk:"id"`
	Name               types.String   `tfsdk:"name"`
	Scope              types.String   `tfsdk:"scope"`
	RoleDefinitionName types.String   `tfsdk:"role_definition_name"`
	RoleDefinitionID   types.String   `tfsdk:"role_definition_id"`
	PrincipalID        types.String   `tfsdk:"principal_id"`
	PrincipalType      types.String   `tfsdk:"principal_type"`
	Description        types.String   `tfsdk:"description"`
	Condition          types.String   `tfsdk:"condition"`
	ConditionVersion   types.String   `tfsdk:"condition_version"`
	TenantID           types.String   `tfsdk:"tenant_id"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`

	DelegatedManagedIdentityResourceID types.String `tfsdk:"delegated_managed_identity_resource_id"`
}

// parseID reads the ID of a role assignment, which may hang on any scope.
func parseID(text string) (armid.ID, error) {
	id, err := armid.Parse(text)
	if err != nil {
		return armid.ID{}, err
	}
	if id.Type() != armid.TypeRoleAssignment {
		return armid.ID{}, fmt.Errorf("%q does not end in /providers/%s/ and a name", text, armid.TypeRoleAssignment)
	}
	return id, nil
}

// idFromState reads the ID that a create or an import has left in state.
func (m *model) idFromState(diags *diag.Diagnostics) armid.ID {
	id, err := parseID(m.ID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("id"), "The state holds no role assignment", err.Error())
	}
	return id
}

// scope reads the scope that the configuration names.
func (m *model) scope() (armid.ID, error) {
	scope, err := armid.Parse(m.Scope.ValueString())
	if err != nil {
		return armid.ID{}, fmt.Errorf("reading the scope: %w", err)
	}
	return scope, nil
}

func (m *model) toARM(scope armid.ID, role role) armauthorization.RoleAssignmentProperties {
	return armauthorization.RoleAssignmentProperties{
		PrincipalID:      m.PrincipalID.ValueStringPointer(),
		PrincipalType:    new(armauthorization.PrincipalType(m.PrincipalType.ValueString())),
		RoleDefinitionID: new(armid.RoleDefinition(scope.SubscriptionID(), role.guid).String()),
		Description:      tfvalue.Pointer(m.Description),
		Condition:        tfvalue.Pointer(m.Condition),
		ConditionVersion: tfvalue.Pointer(m.ConditionVersion),

		DelegatedManagedIdentityResourceID: tfvalue.Pointer(m.DelegatedManagedIdentityResourceID),
	}
}

func (m *model) fromARM(id armid.ID, assignment armauthorization.RoleAssignment) {
	p := assignment.Properties
	if p == nil {
		p = &armauthorization.RoleAssignmentProperties{}
	}
	m.ID = types.StringValue(id.String())
	m.Name = tfvalue.GUID.Merge(m.Name, id.Name())
	m.Scope = tfvalue.Scope.Merge(m.Scope, id.Scope().String())
	if p.RoleDefinitionID != nil {
		m.RoleDefinitionID = tfvalue.RoleDefinitionID.Merge(m.RoleDefinitionID, *p.RoleDefinitionID)
	}
	if p.PrincipalID != nil {
		m.PrincipalID = tfvalue.GUID.Merge(m.PrincipalID, *p.PrincipalID)
	}
	// That the principal is gone from the directory is no reason to make the same assignment again.
	if p.PrincipalType != nil && (*p.PrincipalType != armclient.PrincipalGone || m.PrincipalType.IsNull()) {
		m.PrincipalType = types.StringValue(string(*p.PrincipalType))
	}
	m.Description = tfvalue.StringOrNull(p.Description)
	m.Condition = mergeOrNull(tfvalue.Condition, m.Condition, p.Condition)
	// A version without a condition, which some API versions answer with, says nothing.
	m.ConditionVersion = types.StringNull()
	if !m.Condition.IsNull() {
		m.ConditionVersion = tfvalue.StringOrNull(p.ConditionVersion)
	}
	m.DelegatedManagedIdentityResourceID = mergeOrNull(tfvalue.ResourceID, m.DelegatedManagedIdentityResourceID, p.DelegatedManagedIdentityResourceID)
}

// mergeOrNull is [tfvalue.Meaning.Merge] for what ARM may leave out.
func mergeOrNull(meaning tfvalue.Meaning, prior types.String, got *string) types.String {
	if got == nil || *got == "" {
		return types.StringNull()
	}
	return meaning.Merge(prior, *got)
}
