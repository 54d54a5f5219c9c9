// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// A breaker breaks the connection at the k-th request that the provider sends once it is armed, whether to ARM or to Entra.
type breaker struct {
	mock *mockarm.Server
	at   int // not above 0 when it is not armed
	sent int
	how  mockarm.Fault
	// forGood has the network stay down from then on, as it does for a process that is killed.
	forGood bool
}

func (b *breaker) watch(*http.Request) {
	if b.at <= 0 {
		return
	}
	if b.sent++; b.sent != b.at {
		return
	}
	faults := []mockarm.Fault{b.how}
	faults[0].Nth = 1
	if b.forGood {
		faults = append(faults, mockarm.Fault{Reset: mockarm.ResetBefore})
	}
	if err := b.mock.Inject(faults...); err != nil {
		panic(err) // cannot happen: the faults are those of a table
	}
}

// run does what one run of Terraform does up to the end of its apply.
func run(r *prototest.Resource, config prototest.Object) prototest.Diagnostics {
	if diags := r.Refresh(); diags.HasError() {
		return diags
	}
	plan, diags := r.Plan(config)
	if diags.HasError() || plan.Action == prototest.NoOp {
		return diags
	}
	return r.ApplyPlan(plan)
}

// ways are how a connection can break.
var ways = map[string]mockarm.Fault{
	"before the request has had an effect": {Reset: mockarm.ResetBefore},
	"after the request has had its effect": {Reset: mockarm.ResetAfter},
	"in the middle of the answer":          {Truncate: true},
}

// foreign is an assignment that somebody else has made.
const foreign = group + "/providers/Microsoft.Authorization/roleAssignments/99999999-9999-4999-8999-999999999999"

// worlds are how consistent Azure is.
var worlds = map[string]func(*mockarm.Settings){
	"in an Azure that knows all at once": func(*mockarm.Settings) {},
	"in an Azure that takes its time": func(s *mockarm.Settings) {
		s.DirectoryDelay, s.GrantLag = time.Minute, time.Minute
		s.DeletedAssignmentLag, s.RoleAssignmentListLag = 30*time.Second, time.Minute
	},
}

// TestAnInterruptedRunConverges breaks the connection at every request of a creation, an update and a deletion in turn, in
// each way that it can break, for that one request and for all that follow. Then Terraform runs again with the same
// configuration. There must be the one assignment that it asks for, or none after a deletion, in state as in Azure, and
// nobody else's may be missing.
func TestAnInterruptedRunConverges(t *testing.T) {
	t.Parallel()
	for world, configure := range worlds {
		for way, fault := range ways {
			for _, forGood := range []bool{false, true} {
				for phase, interrupted := range phases {
					t.Run(fmt.Sprintf("%s/%s/for good %t/%s", phase, way, forGood, world), func(t *testing.T) {
						t.Parallel()
						for k, more := 1, true; more; k++ {
							synctest.Test(t, func(t *testing.T) {
								more = interrupted(t, configure, &breaker{at: k, how: fault, forGood: forGood})
							})
							if !more && k < 3 {
								t.Errorf("only %d requests were interrupted; the test shows nothing", k-1)
							}
						}
					})
				}
			}
		}
	}
}

// phases interrupt what Terraform does, run it again, and tell whether there was a request to interrupt.
var phases = map[string]func(*testing.T, func(*mockarm.Settings), *breaker) bool{
	"creation": func(t *testing.T, configure func(*mockarm.Settings), b *breaker) bool {
		t.Helper()
		p, config := interruptible(t, configure, b)
		r := p.Resource(typeName)
		reached := b.interrupt(t, func() prototest.Diagnostics { return run(r, config) })
		p.NextRun()
		mustApply(t, r, config)
		oneAssignment(t, p, r, config)
		return reached
	},
	"creation whose state is lost": func(t *testing.T, configure func(*mockarm.Settings), b *breaker) bool {
		t.Helper()
		p, config := interruptible(t, configure, b)
		reached := b.interrupt(t, func() prototest.Diagnostics { return run(p.Resource(typeName), config) })
		p.NextRun()
		r := p.Resource(typeName)
		mustApply(t, r, config)
		oneAssignment(t, p, r, config)
		return reached
	},
	"creation that looks in a list": func(t *testing.T, configure func(*mockarm.Settings), b *breaker) bool {
		t.Helper()
		p, config := interruptible(t, configure, b)
		for range 2 { // the third read of a process is one of a list
			if diags := p.Resource(typeName).Import(foreign); diags.HasError() {
				t.Fatal(diags)
			}
		}
		r := p.Resource(typeName)
		reached := b.interrupt(t, func() prototest.Diagnostics { return run(r, config) })
		if lists := listsIn(p); !b.forGood && lists == 0 {
			t.Error("nothing was listed; the test shows nothing")
		}
		p.NextRun()
		mustApply(t, r, config)
		oneAssignment(t, p, r, config)
		return reached
	},
	"update": func(t *testing.T, configure func(*mockarm.Settings), b *breaker) bool {
		t.Helper()
		p, config := interruptible(t, configure, b)
		r := p.Resource(typeName)
		mustApply(t, r, config)
		p.NextRun()
		config = config.With(prototest.Object{"description": "changed"})
		reached := b.interrupt(t, func() prototest.Diagnostics { return run(r, config) })
		p.NextRun()
		mustApply(t, r, config)
		oneAssignment(t, p, r, config)
		return reached
	},
	"deletion": func(t *testing.T, configure func(*mockarm.Settings), b *breaker) bool {
		t.Helper()
		p, config := interruptible(t, configure, b)
		r := p.Resource(typeName)
		mustApply(t, r, config)
		p.NextRun()
		reached := b.interrupt(t, func() prototest.Diagnostics {
			if diags := r.Refresh(); diags.HasError() {
				return diags
			}
			return r.Destroy()
		})
		p.NextRun()
		if diags := r.Refresh(); diags.HasError() {
			t.Fatal(diags)
		}
		if r.State() != nil {
			if diags := r.Destroy(); diags.HasError() {
				t.Fatal(diags)
			}
		}
		if left := assignments(p); len(left) != 1 || left[0].RoleName != "Contributor" {
			t.Errorf("Azure has %+v", left)
		}
		// What was deleted can be made again, also while Azure has not forgotten it.
		p.NextRun()
		mustApply(t, r, config)
		oneAssignment(t, p, r, config)
		return reached
	},
}

// interruptible starts a provider whose requests a breaker watches, in an Azure where somebody else has given the principal
// another role.
func interruptible(t *testing.T, configure func(*mockarm.Settings), b *breaker) (*prototest.Provider, prototest.Object) {
	t.Helper()
	at := b.at
	b.at = 0 // not before it is armed
	p, principal := start(t, prototest.Watch(b.watch))
	p.Mock.World().Configure(configure)
	p.Behind(http.MethodPut, foreign,
		`{"properties":{"roleDefinitionId":"`+definitions+`b24988ac-6180-42a0-ab88-20f7382dd24c","principalId":"`+principal+`","principalType":"ServicePrincipal"}}`)
	b.mock, b.at, b.sent = p.Mock, -at, 0
	return p, assignReader(principal).With(prototest.Object{"description": "reads"})
}

// interrupt arms the breaker while something is done, and tells whether it struck. One broken connection is nothing that a
// user should hear of; a network that stays down is.
func (b *breaker) interrupt(t *testing.T, do func() prototest.Diagnostics) bool {
	t.Helper()
	b.at = -b.at
	diags := do()
	reached := b.sent >= b.at
	if diags.HasError() != (reached && b.forGood) {
		t.Errorf("with request %d of %d broken the run ends with %s", b.at, b.sent, diags)
	}
	b.at = 0
	b.mock.ClearFaults()
	return reached
}

// listsIn counts the lists of role assignments that were asked for.
func listsIn(p *prototest.Provider) int {
	lists := 0
	for _, r := range p.Mock.Requests() {
		if strings.HasSuffix(r.Path, "/roleAssignments") {
			lists++
		}
	}
	return lists
}

// oneAssignment checks that what the configuration asks for is there, once, in state and in Azure.
func oneAssignment(t *testing.T, p *prototest.Provider, r *prototest.Resource, config prototest.Object) {
	t.Helper()
	found := 0
	for _, a := range assignments(p) {
		if a.RoleName == "Contributor" {
			continue
		}
		found++
		if a.RoleName != "Reader" || a.Description != config["description"] || r.Get("id") != a.ID || r.Get("description") != a.Description {
			t.Errorf("Azure has %+v, and the state %v", a, r.State())
		}
	}
	if all := len(assignments(p)); found != 1 || all != 2 {
		t.Errorf("Azure has %d assignments, %d of them ours: %+v", all, found, assignments(p))
	}
}

// A run that comes before Azure's replicas know what the last one has made takes it for gone, and makes it again: under the
// same name, so that there is still one.
func TestARunWhileReadsLagMakesNoSecondAssignment(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	p.Mock.World().Configure(func(s *mockarm.Settings) { s.RoleAssignmentReadLag = time.Hour })
	config := assignReader(principal).With(prototest.Object{"description": "reads"})
	r := p.Resource(typeName)
	mustApply(t, r, config)
	first := r.Get("id")
	p.NextRun()
	mustApply(t, r, config)
	if made := assignments(p); r.Get("id") != first || len(made) != 1 || made[0].ID != first {
		t.Errorf("Azure has %+v, and the state %v; the first was %s", made, r.State(), first)
	}
}
