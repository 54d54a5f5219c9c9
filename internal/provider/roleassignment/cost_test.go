// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// roundTrip is how long a request to ARM takes.
const roundTrip = 50 * time.Millisecond

// A cost is what a piece of work asked of Azure.
type cost struct {
	puts, others, throttled int
	took                    time.Duration
}

func (c cost) requests() int { return c.puts + c.others }

func (c cost) String() string {
	return fmt.Sprintf("%4d PUTs  %4d other requests  %4d throttled  %7.1f s", c.puts, c.others, c.throttled, c.took.Seconds())
}

// costOf does work in an Azure with ARM's limits switched on, and tells what it asked of ARM.
func costOf(t *testing.T, server *mockarm.Server, work func()) cost {
	t.Helper()
	server.World().Configure(func(s *mockarm.Settings) { s.Throttle = true })
	if err := server.Inject(mockarm.Fault{Kind: mockarm.ARMRequest, Delay: roundTrip}); err != nil {
		t.Fatal(err)
	}
	before, began := len(server.Requests()), time.Now()
	work()
	c := cost{took: time.Since(began)}
	for _, r := range server.Requests()[before:] {
		switch {
		case r.Kind != mockarm.ARMRequest:
		case r.Status == http.StatusTooManyRequests:
			c.throttled++
		case r.Method == http.MethodPut:
			c.puts++
		default:
			c.others++
		}
	}
	server.ClearFaults()
	server.World().Configure(func(s *mockarm.Settings) { s.Throttle = false })
	return c
}

// eachOf has ten workers work through a list, as Terraform does by default.
func eachOf[T any](list []T, work func(T)) {
	todo := make(chan T, len(list))
	for _, one := range list {
		todo <- one
	}
	close(todo)
	var workers sync.WaitGroup
	for range 10 {
		workers.Go(func() {
			for one := range todo {
				work(one)
			}
		})
	}
	workers.Wait()
}

// crowd is the principals of so many service principals.
func crowd(n int) (seed prototest.Option, principals []string) {
	for i := range n {
		principals = append(principals, fmt.Sprintf("%08d-0000-4000-8000-000000000000", i))
	}
	return prototest.Seed(func(s *mockarm.Seed) {
		for i, id := range principals {
			s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: id, DisplayName: fmt.Sprint("principal ", i)})
		}
	}), principals
}

// costOfCreations is what the apply costs that assigns roles at one scope.
func costOfCreations(t *testing.T, n int) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		seed, principals := crowd(n)
		p := prototest.Start(t, seed)
		type creation struct {
			*prototest.Resource
			plan prototest.Plan
		}
		var creations []creation
		for _, principal := range principals {
			r := p.Resource(typeName)
			plan, diags := r.Plan(assignReader(principal))
			if diags.HasError() {
				t.Fatal(diags)
			}
			creations = append(creations, creation{r, plan})
		}
		p.NextRun() // Terraform applies in another process than it plans in
		c = costOf(t, p.Mock, func() {
			eachOf(creations, func(one creation) {
				if diags := one.ApplyPlan(one.plan); diags.HasError() {
					t.Error(diags)
				}
			})
		})
		if made := len(assignments(p)); made != n {
			t.Errorf("Azure has %d of %d assignments", made, n)
		}
	})
	return c
}

// costOfCreationsTheOtherWay replays what azurerm 5.2 sends for each: the role by its name, a look whether there is such an
// assignment, the PUT, five reads of it that must succeed with five seconds in between, and a read of assignment and role.
func costOfCreationsTheOtherWay(t *testing.T, n int) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		seed, principals := crowd(n)
		p := prototest.Start(t, seed)
		somebody, err := operator.New(p.Mock)
		if err != nil {
			t.Fatal(err)
		}
		send := func(method, path, body string) {
			if _, err := somebody.Do(t.Context(), method, path, body); err != nil {
				t.Error(err)
			}
		}
		c = costOf(t, p.Mock, func() {
			eachOf(principals, func(principal string) {
				id := group + "/providers/Microsoft.Authorization/roleAssignments/" + strings.Replace(principal, "-0000-", "-1111-", 1)
				send(http.MethodGet, group+strings.TrimSuffix(definitions, "/"), "")
				if _, err := somebody.Do(t.Context(), http.MethodGet, id, ""); err == nil {
					t.Errorf("%s is there already", id)
				}
				send(http.MethodPut, id, `{"properties":{"roleDefinitionId":"`+definitions+reader+`","principalId":"`+principal+`","principalType":"ServicePrincipal"}}`)
				for i := range 5 {
					if i > 0 {
						<-time.After(5 * time.Second)
					}
					send(http.MethodGet, id, "")
				}
				send(http.MethodGet, id, "")
				send(http.MethodGet, subscription+definitions+reader, "")
			})
		})
		if made := len(assignments(p)); made != n {
			t.Errorf("Azure has %d of %d assignments", made, n)
		}
	})
	return c
}

// An apply sends one PUT for each assignment, and between them one list of what is there; the two first look for themselves.
func TestCostOfCreatingRoleAssignments(t *testing.T) {
	t.Parallel()
	one, hundred, other := costOfCreations(t, 1), costOfCreations(t, 100), costOfCreationsTheOtherWay(t, 100)
	t.Logf("100 role assignments created at one scope, -parallelism=10, ARM's limits on, 50 ms a request:\n"+
		"  azuremi        %s\n  as azurerm     %s\n  ratio          %.0fx the requests, %.0fx the time\n  azuremi, one   %s",
		hundred, other, float64(other.requests())/float64(hundred.requests()), other.took.Seconds()/hundred.took.Seconds(), one)
	if one.requests() > 2 || one.puts != 1 {
		t.Errorf("one creation costs %s", one)
	}
	if hundred.puts != 100 || hundred.others > 5 || hundred.throttled > 0 {
		t.Errorf("a hundred creations cost %s", hundred)
	}
	if other.requests() < 1000 || other.took < 200*time.Second {
		t.Errorf("the other way they cost %s, so the comparison shows nothing", other)
	}
}

// The assignments that are refreshed: a hundred in each of ten resource groups.
const (
	refreshedGroups  = 10
	refreshedInGroup = 100
)

// refreshed is a world with all of them.
func refreshed() prototest.Option {
	return prototest.Seed(func(s *mockarm.Seed) {
		for i := range refreshedInGroup {
			s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), DisplayName: fmt.Sprint("principal ", i)})
		}
		for g := range refreshedGroups {
			name := fmt.Sprint("group-", g)
			s.ResourceGroups = append(s.ResourceGroups, mockarm.SeedResourceGroup{Name: name, Location: "westus"})
			for i := range refreshedInGroup {
				s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{
					Role: "Reader", Principal: fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), Scope: subscription + "/resourceGroups/" + name,
				})
			}
		}
	})
}

// costOfPlan is what a plan over all of them costs.
func costOfPlan(t *testing.T) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, refreshed())
		var resources []*prototest.Resource
		for _, a := range assignments(p) {
			r := p.Resource(typeName)
			if diags := r.Import(a.ID); diags.HasError() {
				t.Fatal(diags)
			}
			resources = append(resources, r)
		}
		p.NextRun()
		c = costOf(t, p.Mock, func() {
			eachOf(resources, func(r *prototest.Resource) {
				config := prototest.Object{"scope": r.Get("scope"), "role_definition_name": "Reader", "principal_id": r.Get("principal_id")}
				if diags := r.Refresh(); diags.HasError() {
					t.Error(diags)
				}
				if plan, diags := r.Plan(config); diags.HasError() || plan.Action != prototest.NoOp {
					t.Errorf("the plan is to %s: %s", plan.Action, diags)
				}
			})
		})
		if len(resources) != refreshedGroups*refreshedInGroup {
			t.Errorf("the plan was over %d assignments", len(resources))
		}
	})
	return c
}

// costOfPlainReads is what it costs to read all of them one by one, and with each its role if azurerm's way is taken.
func costOfPlainReads(t *testing.T, roles bool) (c cost) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, refreshed())
		somebody, err := operator.New(p.Mock)
		if err != nil {
			t.Fatal(err)
		}
		get := func(path string) {
			for {
				_, err := somebody.Do(t.Context(), http.MethodGet, path, "")
				refused, ok := errors.AsType[*azcore.ResponseError](err)
				if !ok || refused.StatusCode != http.StatusTooManyRequests {
					if err != nil {
						t.Error(err)
					}
					return
				}
				<-time.After(time.Second) // the operator gives up sooner than the providers do
			}
		}
		c = costOf(t, p.Mock, func() {
			eachOf(assignments(p), func(a mockarm.RoleAssignmentState) {
				get(a.ID)
				if roles {
					get(subscription + definitions + a.RoleID)
				}
			})
		})
	})
	return c
}

// A plan reads whole lists, so that it stays far from the 250 reads that ARM grants in a burst (Microsoft Learn:
// request-limits-and-throttling).
func TestCostOfPlanningRoleAssignments(t *testing.T) {
	t.Parallel()
	ours, plain, other := costOfPlan(t), costOfPlainReads(t, false), costOfPlainReads(t, true)
	t.Logf("a plan over 1,000 role assignments in 10 resource groups, -parallelism=10, ARM's limits on, 50 ms a request:\n"+
		"  azuremi        %s\n  plain GETs     %s\n  as azurerm     %s\n  ratio          %.0fx and %.0fx the requests, %.0fx and %.0fx the time",
		ours, plain, other, float64(plain.requests())/float64(ours.requests()), float64(other.requests())/float64(ours.requests()),
		plain.took.Seconds()/ours.took.Seconds(), other.took.Seconds()/ours.took.Seconds())
	if ours.requests() > 20 || ours.throttled > 0 {
		t.Errorf("the plan costs %s", ours)
	}
	if plain.requests() < 1000 || plain.throttled == 0 {
		t.Errorf("plain GETs cost %s, so the comparison shows nothing", plain)
	}
}
