// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package functions

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

type parseResourceID struct{}

// NewParseResourceID returns the function parse_resource_id.
func NewParseResourceID() function.Function { return parseResourceID{} }

func (parseResourceID) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_resource_id"
}

func (parseResourceID) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Takes a resource ID apart.",
		MarkdownDescription: "Takes the ID of a resource of Azure Resource Manager apart. The object has the attributes of azurerm's function of this name, " +
			"and what the ID does not have is empty:\n\n" +
			"- `subscription_id`, in lower case, and `resource_group_name`.\n" +
			"- `resource_name`: the last name of the ID.\n" +
			"- `resource_provider`, `resource_type` and `full_resource_type`: of `Microsoft.Compute/virtualMachines` it is `Microsoft.Compute`, `virtualMachines` " +
			"and the whole. They are spelled as Azure documents them, in whatever case the ID is, where the provider knows the type.\n" +
			"- `resource_scope`: the ID of what the resource stands in, which is its resource group, or what an extension resource such as a role " +
			"assignment extends. The ID of a resource group or a subscription is its own scope.\n" +
			"- `parent_resources`: names by types of the resources that a child resource belongs to.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "id", MarkdownDescription: "The ID, in any case: of a resource, a resource group, a subscription or a management group, or `/`."},
		},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"subscription_id":     types.StringType,
			"resource_group_name": types.StringType,
			"resource_name":       types.StringType,
			"resource_provider":   types.StringType,
			"resource_type":       types.StringType,
			"full_resource_type":  types.StringType,
			"resource_scope":      types.StringType,
			"parent_resources":    types.MapType{ElemType: types.StringType},
		}},
	}
}

// The parts of a resource ID, under azurerm's names.
type resourceIDParts struct {
	SubscriptionID    string            `tfsdk:"subscription_id"`
	ResourceGroupName string            `tfsdk:"resource_group_name"`
	ResourceName      string            `tfsdk:"resource_name"`
	ResourceProvider  string            `tfsdk:"resource_provider"`
	ResourceType      string            `tfsdk:"resource_type"`
	FullResourceType  string            `tfsdk:"full_resource_type"`
	ResourceScope     string            `tfsdk:"resource_scope"`
	ParentResources   map[string]string `tfsdk:"parent_resources"`
}

func (parseResourceID) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	id, err := armid.Parse(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error()+".")
		return
	}
	resp.Error = resp.Result.Set(ctx, partsOf(id))
}

func partsOf(id armid.ID) resourceIDParts {
	namespace, _, _ := strings.Cut(id.Type(), "/")
	parents := map[string]string{}
	for parent := id.Parent(); !parent.IsZero(); parent = parent.Parent() {
		parents[lastWord(parent.Type())] = parent.Name()
	}
	return resourceIDParts{
		SubscriptionID:    id.SubscriptionID(),
		ResourceGroupName: id.ResourceGroup(),
		ResourceName:      id.Name(),
		ResourceProvider:  namespace,
		ResourceType:      lastWord(id.Type()),
		FullResourceType:  id.Type(),
		ResourceScope:     id.Scope().String(),
		ParentResources:   parents,
	}
}

// lastWord is what a type is called below its parents.
func lastWord(typ string) string { return typ[strings.LastIndexByte(typ, '/')+1:] }
