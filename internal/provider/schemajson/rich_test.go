// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package schemajson_test

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// rich is a provider that has a schema and nothing else. It uses whatever the protocol's schemas can say.
type rich struct {
	tfprotov6.ProviderServer // nothing but the schema is ever asked for

	refuseSchema, refuseIdentities []*tfprotov6.Diagnostic
}

func (r rich) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	thing := thingSchema()
	return &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true},
		Provider: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
			Description: "Configures *rich*.", DescriptionKind: tfprotov6.StringKindMarkdown,
			Attributes: []*tfprotov6.SchemaAttribute{{Name: "tenant_id", Type: tftypes.String, Optional: true}},
		}},
		ResourceSchemas:          map[string]*tfprotov6.Schema{"rich_thing": thing, "rich_plain": {Block: &tfprotov6.SchemaBlock{}}},
		DataSourceSchemas:        map[string]*tfprotov6.Schema{"rich_thing": {Block: thing.Block}},
		EphemeralResourceSchemas: map[string]*tfprotov6.Schema{"rich_token": {Block: thing.Block}},
		ListResourceSchemas: map[string]*tfprotov6.Schema{"rich_thing": {Block: &tfprotov6.SchemaBlock{
			Attributes: []*tfprotov6.SchemaAttribute{{Name: "scope", Type: tftypes.String, Required: true}},
		}}},
		ActionSchemas: map[string]*tfprotov6.ActionSchema{"rich_restart": {Schema: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
			Attributes: []*tfprotov6.SchemaAttribute{{Name: "force", Type: tftypes.Bool, Optional: true}},
		}}}},
		Functions: map[string]*tfprotov6.Function{"join_parts": {
			Summary: "Joins.", Description: "Joins **parts**.", DescriptionKind: tfprotov6.StringKindMarkdown,
			DeprecationMessage: "Use another.",
			Parameters: []*tfprotov6.FunctionParameter{
				{Name: "first", Description: "The first part.", Type: tftypes.String, AllowNullValue: true},
				{Name: "options", Type: tftypes.Object{AttributeTypes: map[string]tftypes.Type{"upper": tftypes.Bool}}},
			},
			VariadicParameter: &tfprotov6.FunctionParameter{Name: "rest", Type: tftypes.DynamicPseudoType},
			Return:            &tfprotov6.FunctionReturn{Type: tftypes.Tuple{ElementTypes: []tftypes.Type{tftypes.String, tftypes.Number}}},
		}},
		Diagnostics: r.refuseSchema,
	}, nil
}

func (r rich) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{
		IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{"rich_thing": {
			Version: 2,
			IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
				{Name: "name", Type: tftypes.String, RequiredForImport: true, Description: "Its name."},
				{Name: "regions", Type: tftypes.List{ElementType: tftypes.String}, OptionalForImport: true},
			},
		}},
		Diagnostics: r.refuseIdentities,
	}, nil
}

func (r rich) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// thingSchema has an attribute for every type and flag, and nested attributes and blocks of every kind.
func thingSchema() *tfprotov6.Schema {
	leaf := []*tfprotov6.SchemaAttribute{
		{Name: "leaf", Type: tftypes.String, Required: true, Description: "A leaf.", DescriptionKind: tfprotov6.StringKindMarkdown},
	}
	block := &tfprotov6.SchemaBlock{
		Version: 7, Description: "A thing.", DescriptionKind: tfprotov6.StringKindMarkdown, Deprecated: true,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "any", Type: tftypes.DynamicPseudoType, Optional: true},
			{Name: "flag", Type: tftypes.Bool, Optional: true, Computed: true, Deprecated: true},
			{Name: "id", Type: tftypes.String, Computed: true, Description: "The **ID**.", DescriptionKind: tfprotov6.StringKindMarkdown},
			{Name: "labels", Type: tftypes.Map{ElementType: tftypes.String}, Optional: true},
			{Name: "object", Type: tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.Number}}, Optional: true},
			{Name: "secret", Type: tftypes.String, Required: true, Sensitive: true, WriteOnly: true},
			{Name: "sets", Type: tftypes.Set{ElementType: tftypes.List{ElementType: tftypes.Number}}, Optional: true},
		},
	}
	for name, nesting := range map[string]tfprotov6.SchemaObjectNestingMode{
		"nested_single": tfprotov6.SchemaObjectNestingModeSingle,
		"nested_list":   tfprotov6.SchemaObjectNestingModeList,
		"nested_set":    tfprotov6.SchemaObjectNestingModeSet,
		"nested_map":    tfprotov6.SchemaObjectNestingModeMap,
	} {
		block.Attributes = append(block.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Optional: true, NestedType: &tfprotov6.SchemaObject{Nesting: nesting, Attributes: leaf},
		})
	}
	for name, nesting := range map[string]tfprotov6.SchemaNestedBlockNestingMode{
		"block_single": tfprotov6.SchemaNestedBlockNestingModeSingle,
		"block_group":  tfprotov6.SchemaNestedBlockNestingModeGroup,
		"block_list":   tfprotov6.SchemaNestedBlockNestingModeList,
		"block_set":    tfprotov6.SchemaNestedBlockNestingModeSet,
		"block_map":    tfprotov6.SchemaNestedBlockNestingModeMap,
	} {
		nested := &tfprotov6.SchemaNestedBlock{TypeName: name, Nesting: nesting, Block: &tfprotov6.SchemaBlock{Attributes: leaf}}
		if nesting == tfprotov6.SchemaNestedBlockNestingModeList {
			nested.MinItems, nested.MaxItems = 1, 5
		}
		block.BlockTypes = append(block.BlockTypes, nested)
	}
	return &tfprotov6.Schema{Version: 7, Block: block}
}
