// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

var identitySchema = identityschema.Schema{
	Attributes: map[string]identityschema.Attribute{
		"scope": identityschema.StringAttribute{RequiredForImport: true, Description: "Scope of the assignment."},
		"name":  identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the assignment, a GUID."},
	},
}

// identityModel is made from the canonical ID only: Terraform compares it byte for byte.
type identityModel struct {
	Scope types.String `tfsdk:"scope"`
	Name  types.String `tfsdk:"name"`
}

func identityOf(id armid.ID) identityModel {
	return identityModel{Scope: types.StringValue(id.Scope().String()), Name: types.StringValue(id.Name())}
}

// importID returns the ID by which the same assignment is imported.
func (m identityModel) importID() string {
	return strings.TrimSuffix(m.Scope.ValueString(), "/") + "/providers/" + armid.TypeRoleAssignment + "/" + m.Name.ValueString()
}
