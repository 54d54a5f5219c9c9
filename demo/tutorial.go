// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
)

// A tutorial is one of Microsoft's, as two configurations: grant/ is what a workstation or a pipeline does, read/ what the
// machine does.
type tutorial struct {
	title  string
	folder string
	grants string // what grant/ does
}

var tutorials = []tutorial{
	{
		title:  "Tutorial: a user-assigned managed identity on a Linux VM",
		folder: "examples/tutorial-user-assigned",
		grants: "create an identity, assign it to the VM, grant it Reader",
	},
	{
		title:  "Quickstart: the system-assigned managed identity of a Linux VM",
		folder: "examples/quickstart-system-assigned",
		grants: "switch on the VM's own identity, grant it Reader",
	},
}

// What the steps are called whose names the README shows.
const (
	grantStep = "grant/: "
	readStep  = "read/: on the VM, read the resource group with its identity and no other login"
)

// A stage is where a tutorial is performed.
type stage struct {
	engine   engine.Engine
	programs string // the folder of the provider's program
	dir      string // for copies of the configurations
	mock     mock
}

// perform goes through a tutorial from its beginning to its end.
func (s stage) perform(ctx context.Context, t tutorial) error {
	fmt.Printf("\n%s\n", t.title)
	before, err := s.mock.state(ctx)
	if err != nil {
		return err
	}
	grant, err := s.root(filepath.Join(t.folder, "grant"), os.Environ(), map[string]string{"subscription_id": os.Getenv("ARM_SUBSCRIPTION_ID")})
	if err != nil {
		return err
	}
	if err := step(grantStep+t.grants, func() error { return grant.apply(ctx) }); err != nil {
		return err
	}
	// The machine is told of the first part what it gives out, and nothing else.
	given, err := grant.texts(ctx)
	if err != nil {
		return err
	}
	read, err := s.root(filepath.Join(t.folder, "read"), onTheMachine(os.Environ()), given)
	if err != nil {
		return err
	}
	if err := step(readStep, func() error { return read.apply(ctx) }); err != nil {
		return err
	}
	if err := s.show(ctx, read); err != nil {
		return err
	}
	if err := step("plan both again: nothing to change", func() error { return unchanged(ctx, grant, read) }); err != nil {
		return err
	}
	if err := step("destroy both", func() error { return destroy(ctx, read, grant) }); err != nil {
		return err
	}
	return step("ask the mock: no identity, attachment or role assignment is left", func() error {
		after, err := s.mock.state(ctx)
		if err != nil {
			return err
		}
		return compare(before, after)
	})
}

// show prints the resource group as read/ has read it, and who has: the machine's own word, held against the mock's.
func (s stage) show(ctx context.Context, read *root) error {
	var group resourceGroup
	var by reader
	if err := read.outputs(ctx, map[string]any{"resource_group": &group, "read_by": &by}); err != nil {
		return err
	}
	if group.Properties.ProvisioningState != "Succeeded" {
		return fmt.Errorf("the resource group was read as %s", group)
	}
	requests, err := s.mock.requests(ctx)
	if err != nil {
		return err
	}
	if !wasRead(requests, group.ID, by.PrincipalID) {
		return fmt.Errorf("the mock knows of no request by %s that has read %s", by.PrincipalID, group.ID)
	}
	fmt.Printf("\n%s\n%s\n", group, by)
	return nil
}

// unchanged demands that no configuration has anything left to do.
func unchanged(ctx context.Context, roots ...*root) error {
	for _, r := range roots {
		if err := r.unchanged(ctx); err != nil {
			return err
		}
	}
	return nil
}

func destroy(ctx context.Context, roots ...*root) error {
	for _, r := range roots {
		if err := r.destroy(ctx); err != nil {
			return err
		}
	}
	return nil
}
