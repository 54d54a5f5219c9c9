// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package accesstoken

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
)

// A token is opaque to whom it is not for, whatever it looks like.
func TestAnOpaqueTokenTellsNoHolder(t *testing.T) {
	t.Parallel()
	m := model{Audience: types.StringValue("https://vault.azure.net/.default")}
	m.fromToken(armclient.AccessToken{Token: "opaque", Audience: "https://vault.azure.net", ExpiresOn: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)})
	if m.IssuedTo != nil || m.AccessToken.ValueString() != "opaque" || m.ExpiresOn.ValueString() != "2026-07-01T12:00:00Z" {
		t.Errorf("%+v", m)
	}
	if got := m.Audience.ValueString(); got != "https://vault.azure.net/.default" {
		t.Errorf("the audience is %s, which the configuration spells differently", got)
	}
}
