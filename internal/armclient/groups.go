// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
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

// The pauses between two tries to read with an identity that is still on its way to the machine, or its role to ARM.
const (
	minAccessDelay = 2 * time.Second
	maxAccessDelay = 15 * time.Second
)

// WaitForResourceGroup reads a resource group as [ManagedIdentity.ResourceGroup] does, and tries again until ctx ends while
// the machine does not have the identity yet, or the identity not the right. progress is told before each pause what it
// waits for, and for how long it has; it may be nil.
func (m *ManagedIdentity) WaitForResourceGroup(ctx context.Context, id armid.ID, progress func(why string, waited time.Duration)) (armresources.ResourceGroup, TokenIdentity, error) {
	ctx = withCorrelationID(ctx)
	began := time.Now()
	var pending error
	for delay := minAccessDelay; ; delay = min(2*delay, maxAccessDelay) {
		group, who, err := m.ResourceGroup(ctx, id)
		why := waitsFor(err)
		switch {
		case why != "":
			pending = err
		case err != nil && ctx.Err() != nil && pending != nil: // the time ended in the middle of a try
			return armresources.ResourceGroup{}, who, &AccessTimeoutError{Waited: time.Since(began), Err: pending}
		default:
			return group, who, err
		}
		if progress != nil {
			progress(why, time.Since(began))
		}
		if sleep(ctx, delay) != nil {
			return armresources.ResourceGroup{}, who, &AccessTimeoutError{Waited: time.Since(began), Err: pending}
		}
		// The next try gets a new token: the one at hand may be of an identity that was on the machine before, and the
		// machine's default may change.
		m.credential.forget()
	}
}

// waitsFor says what an error lacks that time may bring, "" if time will not help.
func waitsFor(err error) string {
	if _, ok := errors.AsType[*IdentityUnavailableError](err); ok {
		return "the identity to reach the machine"
	}
	if _, ok := errors.AsType[*AccessRefusedError](err); ok {
		return "the role to take effect"
	}
	return ""
}

// AccessTimeoutError says that the wait for an identity or its role was in vain.
type AccessTimeoutError struct {
	Waited time.Duration
	Err    error // what the last try ended with
}

// Error implements error.
func (e *AccessTimeoutError) Error() string {
	return fmt.Sprintf("Waited for %s for %s, in vain. %s", e.Waited.Round(time.Second), waitsFor(e.Err), summary(e.Err))
}

// Unwrap returns what the last try ended with.
func (e *AccessTimeoutError) Unwrap() error { return e.Err }

func (*AccessTimeoutError) explained() {}
