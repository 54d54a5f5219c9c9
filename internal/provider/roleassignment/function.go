// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type nameFunction struct{}

// NewNameFunction returns the function role_assignment_name.
func NewNameFunction() function.Function { return nameFunction{} }

func (nameFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "role_assignment_name"
}

func (nameFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The name that a role assignment gets by default.",
		MarkdownDescription: "Returns the name under which `azuremi_role_assignment` assigns a role unless the configuration gives another: a version 5 UUID " +
			"(RFC 9562) in the namespace `6f2a8c5e-3f0b-5d0e-9f7c-0b6d5a1e4c92` over tenant, scope, principal and the role's GUID, in lower case and joined by `|`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "tenant_id", MarkdownDescription: "ID of the tenant that the provider logs in to."},
			function.StringParameter{Name: "scope", MarkdownDescription: "Where the role is assigned, as in `azuremi_role_assignment`."},
			function.StringParameter{Name: "principal_id", MarkdownDescription: "Object ID of the principal."},
			function.StringParameter{Name: "role_definition_id", MarkdownDescription: "ID of the role definition in any form, or its GUID."},
		},
		Return: function.StringReturn{},
	}
}

func (nameFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var tenant, scopeText, principal, role string
	if resp.Error = req.Arguments.Get(ctx, &tenant, &scopeText, &principal, &role); resp.Error != nil {
		return
	}
	scope, err := armid.Parse(scopeText)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, "scope is not a scope: "+err.Error()+".")
		return
	}
	if guid := tfvalue.RoleGUID(role); guid != "" {
		role = guid
	}
	for i, text := range []string{0: tenant, 2: principal, 3: role} {
		if i != 1 && !tfvalue.GUID.Fits(text) {
			resp.Error = function.NewArgumentFuncError(int64(i), []string{"tenant_id", "", "principal_id", "role_definition_id"}[i]+" holds no GUID.")
			return
		}
	}
	resp.Error = resp.Result.Set(ctx, armclient.RoleAssignmentName(tenant, scope, principal, role))
}
