// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package schemajson

import (
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// conversion turns the protocol's types into those of the JSON, and keeps the first error so that its methods compose.
type conversion struct {
	err error
}

func (c *conversion) schema(from *tfprotov6.Schema) *tfjson.Schema {
	if from == nil {
		// A provider without a configuration has an empty one.
		return &tfjson.Schema{Block: c.block(nil)}
	}
	return &tfjson.Schema{Version: uint64(from.Version), Block: c.block(from.Block)}
}

func (c *conversion) action(from *tfprotov6.ActionSchema) *tfjson.ActionSchema {
	return &tfjson.ActionSchema{Block: c.schema(from.Schema).Block}
}

func (c *conversion) block(from *tfprotov6.SchemaBlock) *tfjson.SchemaBlock {
	if from == nil {
		return &tfjson.SchemaBlock{DescriptionKind: tfjson.SchemaDescriptionKindPlain}
	}
	to := &tfjson.SchemaBlock{
		Attributes:      c.attributes(from.Attributes),
		NestedBlocks:    make(map[string]*tfjson.SchemaBlockType, len(from.BlockTypes)),
		Description:     from.Description,
		DescriptionKind: descriptionKind(from.DescriptionKind),
		Deprecated:      from.Deprecated,
	}
	for _, nested := range from.BlockTypes {
		to.NestedBlocks[nested.TypeName] = &tfjson.SchemaBlockType{
			NestingMode: blockNesting[nested.Nesting],
			Block:       c.block(nested.Block),
			MinItems:    uint64(nested.MinItems),
			MaxItems:    uint64(nested.MaxItems),
		}
	}
	return to
}

func (c *conversion) attributes(from []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	to := make(map[string]*tfjson.SchemaAttribute, len(from))
	for _, attribute := range from {
		converted := &tfjson.SchemaAttribute{
			Description:     attribute.Description,
			DescriptionKind: descriptionKind(attribute.DescriptionKind),
			Deprecated:      attribute.Deprecated,
			Required:        attribute.Required,
			Optional:        attribute.Optional,
			Computed:        attribute.Computed,

			Sensitive: attribute.Sensitive,
			WriteOnly: attribute.WriteOnly,
		}
		// Either of the two is set, never both.
		if nested := attribute.NestedType; nested != nil {
			converted.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				Attributes:  c.attributes(nested.Attributes),
				NestingMode: objectNesting[nested.Nesting],
			}
		} else {
			converted.AttributeType = c.valueType(attribute.Type)
		}
		to[attribute.Name] = converted
	}
	return to
}

func (c *conversion) identity(from *tfprotov6.ResourceIdentitySchema) *tfjson.IdentitySchema {
	to := &tfjson.IdentitySchema{
		Version:    uint64(from.Version),
		Attributes: make(map[string]*tfjson.IdentityAttribute, len(from.IdentityAttributes)),
	}
	for _, attribute := range from.IdentityAttributes {
		to.Attributes[attribute.Name] = &tfjson.IdentityAttribute{
			IdentityType:      c.valueType(attribute.Type),
			Description:       attribute.Description,
			RequiredForImport: attribute.RequiredForImport,
			OptionalForImport: attribute.OptionalForImport,
		}
	}
	return to
}

func (c *conversion) function(from *tfprotov6.Function) *tfjson.FunctionSignature {
	to := &tfjson.FunctionSignature{
		Description:        from.Description,
		Summary:            from.Summary,
		DeprecationMessage: from.DeprecationMessage,
		ReturnType:         c.valueType(from.Return.Type),
	}
	for _, parameter := range from.Parameters {
		to.Parameters = append(to.Parameters, c.parameter(parameter))
	}
	if from.VariadicParameter != nil {
		to.VariadicParameter = c.parameter(from.VariadicParameter)
	}
	return to
}

func (c *conversion) parameter(from *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	return &tfjson.FunctionParameter{
		Name:        from.Name,
		Description: from.Description,
		IsNullable:  from.AllowNullValue,
		Type:        c.valueType(from.Type),
	}
}

// valueType goes through JSON, which is the one form that the two type systems share.
func (c *conversion) valueType(from tftypes.Type) cty.Type {
	document, err := from.MarshalJSON() //nolint:staticcheck // Deprecated for comparing types, which is not done here.
	to := cty.DynamicPseudoType
	if err == nil {
		err = to.UnmarshalJSON(document)
	}
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("converting the type %s: %w", from, err)
	}
	return to
}

func descriptionKind(from tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if from == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}

var blockNesting = map[tfprotov6.SchemaNestedBlockNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaNestedBlockNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaNestedBlockNestingModeGroup:  tfjson.SchemaNestingModeGroup,
	tfprotov6.SchemaNestedBlockNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaNestedBlockNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaNestedBlockNestingModeMap:    tfjson.SchemaNestingModeMap,
}

var objectNesting = map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
}
