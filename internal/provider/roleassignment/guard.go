// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// grantsMore reports whether a plan gives somebody more than the state does, so that the guard has something to say: it
// would be noise at every plan.
func grantsMore(plan, state model) bool {
	return state.ID.IsNull() || plan.Condition.IsNull() && !state.Condition.IsNull() ||
		!tfvalue.Scope.Equal(plan.Scope.ValueString(), state.Scope.ValueString()) ||
		!tfvalue.GUID.Equal(plan.PrincipalID.ValueString(), state.PrincipalID.ValueString()) ||
		!tfvalue.RoleDefinitionID.Equal(plan.RoleDefinitionID.ValueString(), state.RoleDefinitionID.ValueString())
}

// guard warns of a privileged role that is to be assigned high up without a condition, or forbids it.
func (r *assignmentResource) guard(plan model, diags *diag.Diagnostics) {
	scope, err := plan.scope()
	if err != nil || !plan.Condition.IsNull() {
		return
	}
	role := armclient.PrivilegedRole(scope, tfvalue.RoleGUID(plan.RoleDefinitionID.ValueString()))
	if role == "" {
		return
	}
	what := fmt.Sprintf("The principal %s gets the role %q at %s, without a condition.", plan.PrincipalID.ValueString(), role, scope)
	const instead = "Prefer a role that allows only what is needed, a scope further down, or a condition."
	attribute := path.Root("role_definition_name")
	switch r.Client.PrivilegedRoles() {
	case armclient.WarnPrivilegedRoles:
		diags.AddAttributeWarning(attribute, "A privileged role at a high scope", what+" "+instead+
			" The provider's argument privileged_roles turns this warning off, or into an error.")
	case armclient.DenyPrivilegedRoles:
		diags.AddAttributeError(attribute, "A privileged role at a high scope is not allowed", what+
			" The provider's argument privileged_roles denies that. "+instead)
	case armclient.AllowPrivilegedRoles:
	}
}
