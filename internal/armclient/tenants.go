// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
)

// TenantOf returns the ID of the tenant that a subscription is of. With Azure Lighthouse that may be another one than the
// caller's.
func (c *Client) TenantOf(ctx context.Context, subscriptionID string) (string, error) {
	client, err := armsubscriptions.NewClient(c.credential, c.armOptions())
	if err != nil {
		return "", fmt.Errorf("preparing to read the subscription %s: %w", subscriptionID, err)
	}
	resp, err := client.Get(withCorrelationID(ctx), subscriptionID, nil)
	if err != nil {
		return "", fmt.Errorf("reading the subscription %s: %w", subscriptionID, err)
	}
	return value(resp.TenantID), nil
}
