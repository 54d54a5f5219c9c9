// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// CreateIdentity creates a user-assigned identity. The error is an [AlreadyExistsError] if there is one of that name and
// existing ones are not adopted.
//
// The result is the answer to the PUT itself: the service may deny for minutes that a new identity exists. It also answers
// with a Location that is not absolute; the creation is no long-running operation, and there is nothing to poll there.
func (c *Client) CreateIdentity(ctx context.Context, id armid.ID, identity armmsi.Identity) (armmsi.Identity, error) {
	ctx = withCorrelationID(ctx)
	client, err := c.identities(id)
	if err != nil {
		return armmsi.Identity{}, err
	}
	c.identityReads.Forget(id.Key())
	defer c.identityReads.Forget(id.Key())
	switch _, err := client.Get(ctx, id.ResourceGroup(), id.Name(), nil); {
	case err == nil && !c.config.AdoptExisting:
		return armmsi.Identity{}, &AlreadyExistsError{ID: id}
	case err == nil:
	// Where the resource group is missing, the PUT would only say so again.
	case !IsNotFound(err) || ErrorCode(err) == "ResourceGroupNotFound":
		return armmsi.Identity{}, fmt.Errorf("looking whether the identity %s exists: %w", id, err)
	}
	resp, err := client.CreateOrUpdate(ctx, id.ResourceGroup(), id.Name(), identity, nil)
	if err != nil {
		return armmsi.Identity{}, fmt.Errorf("creating the identity %s: %w", id, err)
	}
	return resp.Identity, nil
}

// Identity reads a user-assigned identity. What was read is kept until the identity is written: its own resource and its
// assignments share one read.
func (c *Client) Identity(ctx context.Context, id armid.ID) (armmsi.Identity, error) {
	client, err := c.identities(id)
	if err != nil {
		return armmsi.Identity{}, err
	}
	return c.identityReads.Get(withCorrelationID(ctx), id.Key(), func(ctx context.Context) (armmsi.Identity, error) {
		resp, err := client.Get(ctx, id.ResourceGroup(), id.Name(), nil)
		if err != nil {
			return armmsi.Identity{}, fmt.Errorf("reading the identity %s: %w", id, err)
		}
		return resp.Identity, nil
	})
}

// UpdateIdentity changes what the update names of a user-assigned identity.
func (c *Client) UpdateIdentity(ctx context.Context, id armid.ID, update armmsi.IdentityUpdate) (armmsi.Identity, error) {
	client, err := c.identities(id)
	if err != nil {
		return armmsi.Identity{}, err
	}
	c.identityReads.Forget(id.Key())
	defer c.identityReads.Forget(id.Key())
	resp, err := client.Update(withCorrelationID(ctx), id.ResourceGroup(), id.Name(), update, nil)
	if err != nil {
		return armmsi.Identity{}, fmt.Errorf("updating the identity %s: %w", id, err)
	}
	return resp.Identity, nil
}

// DeleteIdentity deletes a user-assigned identity. One that is gone is no error.
func (c *Client) DeleteIdentity(ctx context.Context, id armid.ID) error {
	client, err := c.identities(id)
	if err != nil {
		return err
	}
	c.identityReads.Forget(id.Key())
	defer c.identityReads.Forget(id.Key())
	if _, err := client.Delete(withCorrelationID(ctx), id.ResourceGroup(), id.Name(), nil); err != nil && !IsNotFound(err) {
		return fmt.Errorf("deleting the identity %s: %w", id, err)
	}
	return nil
}

// SystemAssignedIdentity reads the system-assigned identity of a resource. This is the only place of ARM that tells its
// client ID.
func (c *Client) SystemAssignedIdentity(ctx context.Context, scope armid.ID) (armmsi.SystemAssignedIdentity, error) {
	client, err := armmsi.NewSystemAssignedIdentitiesClient(c.credential, c.armOptions())
	if err != nil {
		return armmsi.SystemAssignedIdentity{}, fmt.Errorf("preparing to read the system-assigned identity of %s: %w", scope, err)
	}
	resp, err := client.GetByScope(withCorrelationID(ctx), pathOf(scope), nil)
	if err != nil {
		return armmsi.SystemAssignedIdentity{}, fmt.Errorf("reading the system-assigned identity of %s: %w", scope, err)
	}
	return resp.SystemAssignedIdentity, nil
}

// identities returns the client of the subscription that the identity itself is in.
func (c *Client) identities(id armid.ID) (*armmsi.UserAssignedIdentitiesClient, error) {
	client, err := armmsi.NewUserAssignedIdentitiesClient(id.SubscriptionID(), c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to ask for the identity %s: %w", id, err)
	}
	return client, nil
}

// pathOf is an ID as the generated clients want a scope: they put a slash ahead of it.
func pathOf(id armid.ID) string { return strings.TrimPrefix(id.String(), "/") }

// value is what p points to, the zero value for nil.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
