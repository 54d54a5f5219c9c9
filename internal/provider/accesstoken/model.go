// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package accesstoken

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/hostidentity"
)

type model struct {
	hostidentity.Choice

	Audience        types.String         `tfsdk:"audience"`
	WaitForIdentity types.Bool           `tfsdk:"wait_for_identity"`
	AccessToken     types.String         `tfsdk:"access_token"`
	ExpiresOn       types.String         `tfsdk:"expires_on"`
	IssuedTo        *hostidentity.Holder `tfsdk:"issued_to"`
	Timeouts        timeouts.Value       `tfsdk:"timeouts"`
}

func (m *model) fromToken(token armclient.AccessToken) {
	if m.Audience.IsNull() {
		m.Audience = types.StringValue(token.Audience)
	}
	m.AccessToken = types.StringValue(token.Token)
	m.ExpiresOn = types.StringValue(token.ExpiresOn.Format(time.RFC3339))
	if token.IssuedTo != nil {
		m.IssuedTo = hostidentity.HolderOf(*token.IssuedTo)
	}
}
