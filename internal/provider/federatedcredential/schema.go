// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package federatedcredential

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// tokenExchange is the audience that Microsoft recommends for the public cloud, and that GitHub's and Azure Pipelines' own
// tasks ask for by default.
const tokenExchange = "api://AzureADTokenExchange"

// credentialSchema has audience as a list of one, as azurerm has it and as Azure's API does: configurations carry over.
func credentialSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A federated identity credential of a user-assigned managed identity: whoever an outside issuer (GitHub Actions, " +
			"a Kubernetes cluster, Azure Pipelines, GitLab and others) vouches for as `subject`, or with " +
			"claims that match an expression, can get tokens of the identity, without any secret. An identity has at most 20 of them, " +
			"and Azure takes one write at a time to them: the provider has its own wait in line, and repeats those that meet the write of " +
			"somebody else. A new credential takes up to some minutes to be known everywhere.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the credential: 3 to 120 letters, digits, hyphens and underscores, the first of them a letter or digit. " +
					"Changing it makes a new credential.",
				Required:      true,
				Validators:    []validator.String{tfvalue.FederatedCredentialName.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.FederatedCredentialName.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"user_assigned_identity_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the user-assigned identity, which may be in any subscription. Changing it makes a new credential.",
				Required:            true,
				Validators:          []validator.String{tfvalue.UserAssignedIdentityID.Validator()},
				PlanModifiers:       []planmodifier.String{tfvalue.UserAssignedIdentityID.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"issuer": schema.StringAttribute{
				MarkdownDescription: "URL of the issuer, exactly as in the `iss` of its tokens: case and a slash at the end count. " +
					"For GitHub Actions it is `https://token.actions.githubusercontent.com`; for AKS, the OIDC issuer URL of the cluster.",
				Required:   true,
				Validators: []validator.String{tfvalue.IssuerURL.Validator()},
			},
			"subject": schema.StringAttribute{
				MarkdownDescription: "Who the issuer vouches for, exactly as in the `sub` of its tokens: case counts. " +
					"The functions `github_actions_subject` and `kubernetes_subject` build it. " +
					"Exactly one of `subject` and `claims_matching_expression` must be set.",
				Optional:   true,
				Validators: []validator.String{tfvalue.FederatedSubject.Validator()},
			},
			"claims_matching_expression": schema.StringAttribute{
				MarkdownDescription: "What the claims of the issuer's tokens must be, in place of `subject`, so that one credential is for many subjects: " +
					"`claims['NAME'] eq 'VALUE'`, or `claims['NAME'] matches 'PATTERN'` with `*` for any characters and `?` for one, or several of these " +
					"joined by ` and `. Microsoft Entra takes expressions for GitHub, GitLab and Terraform Cloud only. They must bind `sub` and, for GitHub, " +
					"`repository_id` or `repository_owner_id`; for GitLab, `project_id` where `sub` has the path of the project. Azure has expressions in " +
					"preview: the API version `2025-01-31-preview` is used where there is one, and nowhere else.",
				Optional:   true,
				Validators: []validator.String{tfvalue.ClaimsMatchingExpression.Validator()},
			},
			"audience": schema.ListAttribute{
				MarkdownDescription: "The one audience that the tokens must be for, exactly as in their `aud`. `[\"" + tokenExchange + "\"]` by default. " +
					"A list, because it is one in Azure; it holds exactly one element.",
				ElementType: types.StringType,
				Optional:    true,
				Computed:    true,
				Default:     listdefault.StaticValue(types.ListValueMust(types.StringType, []attr.Value{types.StringValue(tokenExchange)})),
				Validators: []validator.List{
					listvalidator.SizeBetween(1, 1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(tfvalue.FederatedAudience.Validator()),
				},
			},
			"id": tfvalue.ComputedString("Resource ID of the credential."),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)},
	}
}

func (r *credentialResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot("subject"), path.MatchRoot("claims_matching_expression")),
	}
}
