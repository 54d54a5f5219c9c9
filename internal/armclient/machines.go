// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// machine is what carries identities, a virtual machine or a scale set, as far as it matters to its identity block.
type machine struct {
	etag              *string
	provisioningState string
	identity          machineIdentity
	// manualUpgrade tells that the instances of a scale set take a change only when they are upgraded.
	manualUpgrade bool
}

func (m machine) updating() bool { return strings.EqualFold(m.provisioningState, "Updating") }

func (m machine) deleting() bool { return strings.EqualFold(m.provisioningState, "Deleting") }

// machineService reads and writes one type of machine.
//
// A write is a PATCH of the identity block alone, and waits until it holds. It is refused with PreconditionFailed when the
// machine has changed since its etag was read (Compute, API version 2023-09-01 and later). It needs no right on identities
// that it does not name, and can neither create a machine that was deleted meanwhile nor change anything else of it.
type machineService interface {
	read(ctx context.Context, id armid.ID) (machine, error)
	patch(ctx context.Context, id armid.ID, identity *armcompute.VirtualMachineIdentity, etag *string) (machine, error)
}

func (c *Client) machineService(id armid.ID) (machineService, error) {
	switch id.Type() {
	case armid.TypeVirtualMachine:
		client, err := armcompute.NewVirtualMachinesClient(id.SubscriptionID(), c.credential, c.armOptions())
		return virtualMachines{client}, err
	case armid.TypeVirtualMachineScaleSet:
		client, err := armcompute.NewVirtualMachineScaleSetsClient(id.SubscriptionID(), c.credential, c.armOptions())
		return scaleSets{client}, err
	default:
		return nil, fmt.Errorf("%s carries no identities that could be assigned", id)
	}
}

// noun is what a machine is called in messages.
func noun(id armid.ID) string {
	if id.Type() == armid.TypeVirtualMachineScaleSet {
		return "virtual machine scale set"
	}
	return "virtual machine"
}

// readMachine reads a machine as it is now.
func (c *Client) readMachine(ctx context.Context, id armid.ID) (machine, error) {
	service, err := c.machineService(id)
	if err != nil {
		return machine{}, err
	}
	m, err := service.read(ctx, id)
	if err != nil {
		return machine{}, fmt.Errorf("reading %s %s: %w", noun(id), id, err)
	}
	return m, nil
}

// knownMachine returns a machine as it was read last, unless it was written since. All that is asked about one machine shares
// a read.
func (c *Client) knownMachine(ctx context.Context, id armid.ID) (machine, error) {
	return c.machineReads.Get(ctx, id.Key(), func(ctx context.Context) (machine, error) { return c.readMachine(ctx, id) })
}

// patchMachine writes a delta of a machine's identity block.
func (c *Client) patchMachine(ctx context.Context, id armid.ID, delta *armcompute.VirtualMachineIdentity, etag *string) (machine, error) {
	service, err := c.machineService(id)
	if err != nil {
		return machine{}, err
	}
	m, err := service.patch(ctx, id, delta, etag)
	if err != nil {
		return machine{}, fmt.Errorf("changing the identities of %s %s: %w", noun(id), id, err)
	}
	return m, nil
}

type virtualMachines struct {
	*armcompute.VirtualMachinesClient
}

func (s virtualMachines) read(ctx context.Context, id armid.ID) (machine, error) {
	resp, err := s.Get(ctx, id.ResourceGroup(), id.Name(), nil)
	return virtualMachine(resp.VirtualMachine), err
}

func (s virtualMachines) patch(ctx context.Context, id armid.ID, identity *armcompute.VirtualMachineIdentity, etag *string) (machine, error) {
	var first *http.Response
	poller, err := s.BeginUpdate(policy.WithCaptureResponse(ctx, &first), id.ResourceGroup(), id.Name(),
		armcompute.VirtualMachineUpdate{Identity: identity}, &armcompute.VirtualMachinesClientBeginUpdateOptions{IfMatch: etag})
	resp, err := await(ctx, poller, first, err)
	return virtualMachine(resp.VirtualMachine), err
}

func virtualMachine(vm armcompute.VirtualMachine) machine {
	m := machine{etag: vm.Etag, identity: readMachineIdentity(vm.Identity)}
	if vm.Properties != nil {
		m.provisioningState = value(vm.Properties.ProvisioningState)
	}
	return m
}

type scaleSets struct {
	*armcompute.VirtualMachineScaleSetsClient
}

func (s scaleSets) read(ctx context.Context, id armid.ID) (machine, error) {
	resp, err := s.Get(ctx, id.ResourceGroup(), id.Name(), nil)
	return scaleSet(resp.VirtualMachineScaleSet), err
}

func (s scaleSets) patch(ctx context.Context, id armid.ID, identity *armcompute.VirtualMachineIdentity, etag *string) (machine, error) {
	var first *http.Response
	poller, err := s.BeginUpdate(policy.WithCaptureResponse(ctx, &first), id.ResourceGroup(), id.Name(),
		armcompute.VirtualMachineScaleSetUpdate{Identity: (*armcompute.VirtualMachineScaleSetIdentity)(identity)},
		&armcompute.VirtualMachineScaleSetsClientBeginUpdateOptions{IfMatch: etag})
	resp, err := await(ctx, poller, first, err)
	return scaleSet(resp.VirtualMachineScaleSet), err
}

func scaleSet(set armcompute.VirtualMachineScaleSet) machine {
	m := machine{etag: set.Etag, identity: readMachineIdentity((*armcompute.VirtualMachineIdentity)(set.Identity))}
	if p := set.Properties; p != nil {
		m.provisioningState = value(p.ProvisioningState)
		// The instances of a flexible set are machines of their own, and have no model to fall behind.
		flexible := value(p.OrchestrationMode) == armcompute.OrchestrationModeFlexible
		m.manualUpgrade = !flexible && p.UpgradePolicy != nil && value(p.UpgradePolicy.Mode) == armcompute.UpgradeModeManual
	}
	return m
}

// operationError says that a write was taken and its operation has not succeeded, as far as is known.
type operationError struct{ error }

func (e *operationError) Unwrap() error { return e.error }

// await waits for the operation that a write has begun, unless the write failed.
func await[T any](ctx context.Context, poller *runtime.Poller[T], first *http.Response, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	result, err := pollUntilDone(ctx, poller, first)
	if err != nil {
		return result, &operationError{err}
	}
	return result, nil
}
