// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package clientconfig

import (
	"encoding/base64"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	ID                 types.String   `tfsdk:"id"`
	ClientID           types.String   `tfsdk:"client_id"`
	ObjectID           types.String   `tfsdk:"object_id"`
	TenantID           types.String   `tfsdk:"tenant_id"`
	SubscriptionID     types.String   `tfsdk:"subscription_id"`
	PrincipalType      types.String   `tfsdk:"principal_type"`
	IdentityResourceID types.String   `tfsdk:"identity_resource_id"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

func (m *model) fromToken(who armclient.TokenIdentity, subscriptionID string) {
	m.ClientID = tfvalue.StringOrNull(&who.ClientID)
	m.ObjectID = tfvalue.StringOrNull(&who.PrincipalID)
	m.TenantID = tfvalue.StringOrNull(&who.TenantID)
	m.SubscriptionID = tfvalue.StringOrNull(&subscriptionID)
	m.PrincipalType = types.StringValue(who.PrincipalType)
	m.IdentityResourceID = tfvalue.ResourceIDOrNull(who.ResourceID)
	// The ID is azurerm's, to the letter: what was keyed by it stays where it is.
	id := fmt.Sprintf("clientConfigs/clientId=%s;objectId=%s;subscriptionId=%s;tenantId=%s", who.ClientID, who.PrincipalID, subscriptionID, who.TenantID)
	m.ID = types.StringValue(base64.StdEncoding.EncodeToString([]byte(id)))
}
