// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// cost is what a piece of work asked of Azure.
type cost struct {
	patches, gets, polls, throttled int
	took                            time.Duration
}

func (c cost) String() string {
	return fmt.Sprintf("%3d PATCHes  %3d GETs  %3d polls  %3d throttled  %8s", c.patches, c.gets, c.polls, c.throttled, c.took.Round(time.Second))
}

// costOfTwenty is the cost of assigning twenty identities to one machine, by ten workers as Terraform has, with ARM's limits
// switched on and operations of five seconds. most is how many identities a write may hold: one is the naive way, which is to
// send a PATCH for each.
func costOfTwenty(t *testing.T, most int) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for n := range 20 {
			names = append(names, fmt.Sprint("id-", n))
		}
		server, cfg := newMock(t, withIdentities(names...))
		server.World().Configure(func(s *mockarm.Settings) { s.Throttle, s.OperationDuration = true, 5*time.Second })
		client := newClient(t, cfg)
		client.assignments.Max = most
		began := time.Now()
		todo := make(chan string, len(names))
		for _, name := range names {
			todo <- name
		}
		close(todo)
		var workers sync.WaitGroup
		for range 10 {
			workers.Go(func() {
				for name := range todo {
					if _, err := client.AssignIdentity(t.Context(), theMachine, identityNamed(name)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		c.took = time.Since(began)
		if n := len(onMachine(server)); n != 20 {
			t.Errorf("the machine carries %d identities", n)
		}
		for _, r := range server.Requests() {
			switch {
			case r.Status == http.StatusTooManyRequests:
				c.throttled++
			case strings.Contains(r.Path, "/operations/"):
				c.polls++
			case r.Method == http.MethodPatch:
				c.patches++
			case strings.HasSuffix(r.Path, "/virtualMachines/vm-linux"):
				c.gets++
			}
		}
	})
	return c
}

// Compute takes 12 writes of a machine in a burst and 4 a minute after that (Microsoft Learn: "Compute throttling limits"), so
// that one write for each of twenty identities takes minutes.
func TestCostOfTwentyAssignments(t *testing.T) {
	t.Parallel()
	together, each := costOfTwenty(t, maxIdentitiesPerRequest), costOfTwenty(t, 1)
	t.Logf("20 identities onto one machine, -parallelism=10, Compute's limits on:\n"+
		"  together       %s\n  one at a time  %s\n  ratio          %3.0fx PATCHes%40.0fx", together, each,
		float64(each.patches)/float64(together.patches), float64(each.took)/float64(together.took))
	if together.patches > 3 || together.patches+together.gets > 10 || together.throttled > 0 {
		t.Errorf("together they cost %s", together)
	}
	if each.patches < 20 || each.took < 10*together.took {
		t.Errorf("one at a time they cost %s, so the comparison shows nothing", each)
	}
}
