// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// model is the provider's block in a configuration.
type model struct {
	loginModel
	cloudModel

	SubscriptionID           types.String `tfsdk:"subscription_id"`
	AdoptExisting            types.Bool   `tfsdk:"adopt_existing"`
	PrivilegedRoles          types.String `tfsdk:"privileged_roles"`
	PrincipalNotFoundTimeout types.String `tfsdk:"principal_not_found_timeout"`
}

func (p *azuremi) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"subscription_id": schema.StringAttribute{
			MarkdownDescription: "ID of the subscription to work in where a resource names none. Also `ARM_SUBSCRIPTION_ID`.",
			Optional:            true,
			Validators:          []validator.String{tfvalue.GUID.Validator()},
		},
		"adopt_existing": schema.BoolAttribute{
			MarkdownDescription: "Whether to take over what exists already when it is to be created, instead of failing with an `import` block. " +
				"What is taken over is changed to what the configuration says, and destroyed with it. `false` by default.",
			Optional: true,
		},
		"privileged_roles": schema.StringAttribute{
			MarkdownDescription: "What becomes of an `azuremi_role_assignment` of Owner, Contributor, User Access Administrator or Role Based Access Control " +
				"Administrator at a subscription, a management group or `/` without a condition: `allow` lets it pass, `warn` (the default) warns in the plan, " +
				"`deny` fails the plan.",
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf("allow", "warn", "deny")},
		},
		"principal_not_found_timeout": schema.StringAttribute{
			MarkdownDescription: "How long the creation of an `azuremi_role_assignment` waits for a principal that Azure does not know yet, or for a deleted " +
				"assignment of the same name to be forgotten, such as `30s` or `5m`. `2m` by default.",
			Optional:   true,
			Validators: []validator.String{tfvalue.Duration.Validator()},
		},
	}
	maps.Copy(attributes, loginAttributes())
	maps.Copy(attributes, cloudAttributes())
	resp.Schema = schema.Schema{
		MarkdownDescription: "Managed identities on Azure: create them, assign them to machines you may not own, grant them roles, and prove that a machine can use them.\n\n" +
			"What acts as a managed identity of the host that Terraform runs on finds it by the host's own environment variables; in a Kubernetes pod these are " +
			"`AZURE_FEDERATED_TOKEN_FILE`, `AZURE_CLIENT_ID` and `AZURE_TENANT_ID`.",
		Attributes: attributes,
	}
}
