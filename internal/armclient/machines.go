// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// machine is what we need to know of a virtual machine to write its identity block.
type machine struct {
	etag     string // "" where Compute tells none
	deleting bool
	identity machineIdentity
}

func readMachine(vm armcompute.VirtualMachine) machine {
	m := machine{etag: value(vm.Etag), identity: readMachineIdentity(vm.Identity)}
	if vm.Properties != nil {
		m.deleting = strings.EqualFold(value(vm.Properties.ProvisioningState), "Deleting")
	}
	return m
}

func (c *Client) machines(id armid.ID) (*armcompute.VirtualMachinesClient, error) {
	client, err := armcompute.NewVirtualMachinesClient(id.SubscriptionID(), c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to ask for virtual machine %s: %w", id, err)
	}
	return client, nil
}

// machine reads a virtual machine.
func (c *Client) machine(ctx context.Context, id armid.ID) (machine, error) {
	client, err := c.machines(id)
	if err != nil {
		return machine{}, err
	}
	resp, err := client.Get(ctx, id.ResourceGroup(), id.Name(), nil)
	if err != nil {
		return machine{}, fmt.Errorf("reading virtual machine %s: %w", id, err)
	}
	return readMachine(resp.VirtualMachine), nil
}

// patchMachine writes a delta of a virtual machine's identity block and waits for it to hold. The write is refused with
// PreconditionFailed when the machine has changed since its etag was read (Compute, API version 2023-09-01 and later).
// A PATCH of the identity alone needs no right on the identities that it does not name, and can neither create a machine
// that was deleted meanwhile nor change anything else of it.
func (c *Client) patchMachine(ctx context.Context, id armid.ID, delta *armcompute.VirtualMachineIdentity, etag string) (machine, error) {
	client, err := c.machines(id)
	if err != nil {
		return machine{}, err
	}
	var options armcompute.VirtualMachinesClientBeginUpdateOptions
	if etag != "" {
		options.IfMatch = &etag
	}
	var first *http.Response
	poller, err := client.BeginUpdate(policy.WithCaptureResponse(ctx, &first),
		id.ResourceGroup(), id.Name(), armcompute.VirtualMachineUpdate{Identity: delta}, &options)
	if err != nil {
		return machine{}, fmt.Errorf("changing the identities of virtual machine %s: %w", id, err)
	}
	resp, err := pollUntilDone(ctx, poller, first)
	if err != nil {
		return machine{}, fmt.Errorf("waiting for the change of the identities of virtual machine %s: %w", id, err)
	}
	return readMachine(resp.VirtualMachine), nil
}
