// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package soak

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

var duration = flag.Duration("soak", 3*time.Second, "how long the clients work")

// group is where all clients work but the one that makes groups of its own.
const (
	subscription = "/subscriptions/" + mockarm.DefaultSubscriptionID
	group        = subscription + "/resourceGroups/DevTest"
	reader       = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

// A client does one small story after another. Each of its turns cleans up behind itself.
type client struct {
	name string
	turn func(ctx context.Context, round int) error
}

// TestClientsOfEveryKindShareAnAzure ends with the world as it was, in order, with every client having got its work done, and
// with no error of the server's but those that were asked for.
func TestClientsOfEveryKindShareAnAzure(t *testing.T) {
	t.Parallel()
	world := mockarm.DefaultWorld(&mockarm.Clock{})
	world.Configure(func(s *mockarm.Settings) {
		s.OperationDuration, s.RetryAfter, s.PageSize = 30*time.Millisecond, 10*time.Millisecond, 3
	})
	server := mockarm.NewServer(world)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	if err := server.Inject(
		mockarm.Fault{Kind: mockarm.ARMRequest, Every: 25, Status: http.StatusServiceUnavailable, RetryAfter: time.Second},
		mockarm.Fault{Kind: mockarm.ARMRequest, Probability: 0.02, Seed: 1, AnswerDelay: 20 * time.Millisecond},
	); err != nil {
		t.Fatal(err)
	}
	before := summary(world.State())

	ctx, cancel := context.WithTimeout(t.Context(), *duration+2*time.Minute)
	defer cancel()
	end := time.Now().Add(*duration)
	var group sync.WaitGroup
	for _, c := range clients(t, server) {
		var turns atomic.Int64
		group.Go(func() {
			for round := 0; round == 0 || time.Now().Before(end); round++ {
				if err := c.turn(ctx, round); err != nil {
					t.Errorf("%s, turn %d: %v", c.name, round, err)
					return
				}
				turns.Add(1)
			}
			t.Logf("%s: %d turns", c.name, turns.Load())
		})
	}
	group.Wait()

	if err := world.Verify(); err != nil {
		t.Error(err)
	}
	if after := summary(world.State()); after != before {
		t.Errorf("the clients leave %s, and found %s", after, before)
	}
	struck := server.Faults()[0].Struck
	if struck == 0 {
		t.Error("nothing has gone wrong on purpose, so that it proves nothing that everybody got through")
	}
	t.Logf("%d requests failed on purpose", struck)
}

// summary is what must be the same before and after.
func summary(s mockarm.State) string {
	text := fmt.Sprintf("%d groups, %d identities, %d role assignments, %d principals", len(s.ResourceGroups), len(s.Identities), len(s.RoleAssignments), len(s.Principals))
	for _, machine := range s.VirtualMachines {
		text += fmt.Sprintf("; %s, %s", machine.ID, machine.ProvisioningState)
		for _, attached := range machine.UserAssigned {
			text += ", with " + attached.ID
		}
	}
	return text
}

// transport is a way to the server over a socket, of a client's own.
func transport(t *testing.T, server *mockarm.Server) *http.Transport {
	t.Helper()
	own := server.SocketTransport()
	t.Cleanup(own.CloseIdleConnections)
	return own
}

// steps runs one function after another, the last ones also after a failure: they clean up.
func steps(work, cleanup []func() error) error {
	var failures []error
	for _, step := range work {
		if err := step(); err != nil {
			failures = append(failures, err)
			break
		}
	}
	for _, step := range cleanup {
		failures = append(failures, step())
	}
	return errors.Join(failures...)
}
