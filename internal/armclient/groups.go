// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// ResourceGroup reads a resource group as the managed identity, and tells who that is.
func (m *ManagedIdentity) ResourceGroup(ctx context.Context, id armid.ID) (armresources.ResourceGroup, TokenIdentity, error) {
	ctx = withCorrelationID(ctx)
	who, err := m.Identity(ctx)
	if err != nil {
		return armresources.ResourceGroup{}, TokenIdentity{}, err
	}
	client, err := armresources.NewResourceGroupsClient(id.SubscriptionID(), m.credential, m.armOptions())
	if err != nil {
		return armresources.ResourceGroup{}, who, fmt.Errorf("preparing to read the resource group %s: %w", id, err)
	}
	resp, err := client.Get(ctx, id.Name(), nil)
	switch respErr, ok := asResponseError(err); {
	case ok && respErr.StatusCode == http.StatusForbidden:
		return armresources.ResourceGroup{}, who, &AccessRefusedError{Scope: id, Who: who, Err: err}
	case err != nil:
		return armresources.ResourceGroup{}, who, fmt.Errorf("reading the resource group %s: %w", id, err)
	}
	return resp.ResourceGroup, who, nil
}

// WaitForResourceGroup reads a resource group as [ManagedIdentity.ResourceGroup] does, and tries again until ctx ends while
// the machine does not have the identity yet, or the identity not the right. progress is told before each pause what it
// waits for, and for how long it has; it may be nil.
func (m *ManagedIdentity) WaitForResourceGroup(ctx context.Context, id armid.ID, progress func(why string, waited time.Duration)) (armresources.ResourceGroup, TokenIdentity, error) {
	ctx = withCorrelationID(ctx)
	var group armresources.ResourceGroup
	var who TokenIdentity
	err := m.persist(ctx, progress, func(ctx context.Context) (err error) {
		group, who, err = m.ResourceGroup(ctx, id)
		return err
	})
	return group, who, err
}
