// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// Ctrl-C while Compute is at work on the machine leaves nothing orphaned: the next apply ends as if nothing had happened.
func TestAnInterruptedApplyConverges(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	if err := azure.Inject(mockarm.Fault{OperationDuration: 5 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	tf := azure.Terraform("examples/tutorial-user-assigned/grant")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		for range time.Tick(50 * time.Millisecond) {
			if azure.Count(http.MethodPatch, "/virtualMachines/vm-linux") > 0 || ctx.Err() != nil {
				interrupt()
				return
			}
		}
	}()
	if err := tf.ApplyUntil(ctx, subscription); err == nil {
		t.Fatal("the apply was not interrupted; the test shows nothing")
	}

	azure.ClearFaults()
	azure.Clock().Advance(5 * time.Minute)
	tf.Apply(subscription)
	if machine := azure.World().State().VirtualMachines[0]; len(machine.UserAssigned) != 1 || machine.UserAssigned[0].Dead {
		t.Errorf("the machine has %+v", machine)
	}
	tf.Destroy(subscription)
	clean(t, azure)
}
