// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roledefinition

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	Scope            types.String      `tfsdk:"scope"`
	Name             types.String      `tfsdk:"name"`
	RoleDefinitionID types.String      `tfsdk:"role_definition_id"`
	ID               types.String      `tfsdk:"id"`
	Description      types.String      `tfsdk:"description"`
	Type             types.String      `tfsdk:"type"`
	AssignableScopes []string          `tfsdk:"assignable_scopes"`
	Permissions      []permissionModel `tfsdk:"permissions"`
	Timeouts         timeouts.Value    `tfsdk:"timeouts"`
}

type permissionModel struct {
	Actions        []string `tfsdk:"actions"`
	NotActions     []string `tfsdk:"not_actions"`
	DataActions    []string `tfsdk:"data_actions"`
	NotDataActions []string `tfsdk:"not_data_actions"`
}

func (m *model) fromARM(role armclient.Role) {
	m.Name = tfvalue.RoleName.Merge(m.Name, role.Name)
	m.RoleDefinitionID = tfvalue.GUID.Merge(m.RoleDefinitionID, role.GUID)
	m.ID = types.StringValue(role.ID.String())
	m.Description = tfvalue.StringOrNull(&role.Description)
	m.Type = types.StringValue(role.Type)
	m.AssignableScopes = append([]string{}, role.AssignableScopes...)
	m.Permissions = []permissionModel{}
	for _, p := range role.Permissions {
		if p == nil {
			continue
		}
		m.Permissions = append(m.Permissions, permissionModel{
			Actions: texts(p.Actions), NotActions: texts(p.NotActions), DataActions: texts(p.DataActions), NotDataActions: texts(p.NotDataActions),
		})
	}
}

func texts(pointers []*string) []string {
	list := []string{}
	for _, p := range pointers {
		if p != nil {
			list = append(list, *p)
		}
	}
	return list
}
