// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package accesstoken

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/ephemeralvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/hostidentity"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/logging"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_access_token"

const (
	// openTimeout is how long it takes at most by default to get a token. A new assignment reaches the machine within minutes.
	openTimeout = 5 * time.Minute
	// warnAhead is how long before its end a token is warned of, if the run goes on until then.
	warnAhead = 5 * time.Minute
	// expiryKey is where the end of the token is kept for the warning.
	expiryKey = "expires_on"
)

type ephemeralResource struct {
	connected.EphemeralResource
}

var (
	_ ephemeral.EphemeralResourceWithConfigure        = (*ephemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigValidators = (*ephemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithRenew            = (*ephemeralResource)(nil)
)

// NewEphemeralResource returns the ephemeral resource azuremi_access_token.
func NewEphemeralResource() ephemeral.EphemeralResource { return &ephemeralResource{} }

func (e *ephemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName
}

func (e *ephemeralResource) Schema(ctx context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	holder := map[string]schema.Attribute{}
	for name, description := range hostidentity.HolderMarkdown {
		holder[name] = schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An access token of a managed identity of the machine that Terraform runs on, for another provider or a provisioner of the same " +
			"run. It is in no plan and no state. The provider's own credential is not used, and need not be there.\n\n" + hostidentity.ChoiceMarkdown + "\n\n" +
			"Terraform asks for a new token in each plan and each apply, and keeps it for the whole of it. A token that is about to end cannot be exchanged; " +
			"five minutes ahead there is a warning.",
		Attributes: map[string]schema.Attribute{
			"audience": schema.StringAttribute{
				MarkdownDescription: "What the token is for, such as `https://vault.azure.net` or `https://storage.azure.com`; `/.default` at the end, as scopes have it, " +
					"may be there or not. Azure Resource Manager by default.",
				Optional:   true,
				Computed:   true,
				Validators: []validator.String{tfvalue.Audience.Validator()},
			},
			"client_id": schema.StringAttribute{
				MarkdownDescription: "Client ID of the identity.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"principal_id": schema.StringAttribute{
				MarkdownDescription: "Object ID of the identity.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"user_assigned_identity_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the user-assigned identity.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.UserAssignedIdentityID.Validator()},
			},
			"wait_for_identity": schema.BoolAttribute{
				MarkdownDescription: "Whether to wait, up to `timeouts.open`, while the machine does not have the identity yet, which takes a while after it is " +
					"assigned. `false` by default.",
				Optional: true,
			},
			"access_token": schema.StringAttribute{
				MarkdownDescription: "The token, to be sent as `Authorization: Bearer`.",
				Computed:            true,
				Sensitive:           true,
			},
			"expires_on": schema.StringAttribute{
				MarkdownDescription: "When the token ends, in the form of RFC 3339.",
				Computed:            true,
			},
			"issued_to": schema.SingleNestedAttribute{
				MarkdownDescription: "The identity that the token was issued to. It is null where the token does not tell, as tokens for some services do not.",
				Computed:            true,
				Attributes:          holder,
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (e *ephemeralResource) ConfigValidators(context.Context) []ephemeral.ConfigValidator {
	return []ephemeral.ConfigValidator{ephemeralvalidator.Conflicting(hostidentity.Arguments...)}
}

func (e *ephemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "open", config.Timeouts.Open, openTimeout, &resp.Diagnostics)
	defer cancel()
	selector := config.Selector(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	token, err := e.token(ctx, config, selector)
	if err != nil {
		resp.Diagnostics.AddError("Cannot get an access token of a managed identity", armclient.Describe(err))
		return
	}
	end, err := json.Marshal(token.ExpiresOn)
	if err != nil {
		resp.Diagnostics.AddError("Cannot keep the end of the access token", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, expiryKey, end)...)
	resp.RenewAt = token.ExpiresOn.Add(-warnAhead)
	config.fromToken(token)
	resp.Diagnostics.Append(resp.Result.Set(ctx, config)...)
}

func (e *ephemeralResource) token(ctx context.Context, config model, selector armclient.IdentitySelector) (armclient.AccessToken, error) {
	identity, err := e.Client.ManagedIdentity(selector)
	if err != nil {
		return armclient.AccessToken{}, err
	}
	logging.Debug(ctx, identity.Source(), nil)
	if !config.WaitForIdentity.ValueBool() {
		return identity.AccessToken(ctx, config.Audience.ValueString())
	}
	return identity.WaitForAccessToken(ctx, config.Audience.ValueString(), func(why string, waited time.Duration) {
		logging.Info(ctx, "waiting for an access token", logging.Fields{"why": why, "waited": waited.Round(time.Second).String()})
	})
}

// Renew warns. Terraform asks for a renewal so that a lease, say, is kept alive; it takes no new value, so that what was given
// the token before keeps it to the end (Terraform plugin protocol, RenewEphemeralResource). It is not asked for again.
func (e *ephemeralResource) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	kept, diags := req.Private.GetKey(ctx, expiryKey)
	resp.Diagnostics.Append(diags...)
	var end time.Time
	if err := json.Unmarshal(kept, &end); err != nil {
		resp.Diagnostics.AddError("Cannot tell when the access token ends", fmt.Sprintf("What was kept of it cannot be read: %s. Please report this as a bug of the provider.", err))
		return
	}
	resp.Diagnostics.AddWarning("An access token is about to end", fmt.Sprintf("The access token of %s ends on %s, and Terraform cannot exchange it for a newer one "+
		"in the middle of a run. What still needs it then will be refused. Run again to go on where this run ends; if that happens often, "+
		"apply less at a time (-target), or let the token be opened later, by an argument that depends on what takes so long.", typeName, end.Format(time.RFC3339)))
}
