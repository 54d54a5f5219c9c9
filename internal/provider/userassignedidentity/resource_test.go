// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName = "azuremi_user_assigned_identity"
	group    = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	readerID = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
)

func config(changes ...prototest.Object) prototest.Object {
	return prototest.Object{"name": "id-reader", "resource_group_name": "DevTest", "location": "westus"}.With(changes...)
}

func mustApply(t *testing.T, r *prototest.Resource, c prototest.Object) {
	t.Helper()
	if diags := r.Apply(c); len(diags) > 0 {
		t.Fatal(diags)
	}
}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	r := p.Resource(typeName)

	mustApply(t, r, config())
	created := p.Mock.World().State().Identities
	if len(created) != 1 {
		t.Fatalf("Azure has %d identities", len(created))
	}
	for attribute, want := range map[string]string{
		"id": readerID, "client_id": created[0].ClientID, "principal_id": created[0].PrincipalID, "tenant_id": mockarm.DefaultTenantID,
		"subscription_id": mockarm.DefaultSubscriptionID, "isolation_scope": "None",
	} {
		if got := r.Get(attribute); got != want || want == "" {
			t.Errorf("%s is %q, want %q", attribute, got, want)
		}
	}

	mustApply(t, r, config(prototest.Object{"tags": prototest.Object{"team": "sec"}, "isolation_scope": "Regional"}))
	changed := p.Mock.World().State().Identities[0]
	if changed.PrincipalID != created[0].PrincipalID || changed.Tags["team"] != "sec" || changed.IsolationScope != "Regional" {
		t.Errorf("Azure has %+v", changed)
	}

	mustApply(t, r, config())
	if tags := p.Mock.World().State().Identities[0].Tags; len(tags) != 0 {
		t.Errorf("the tags are still %v", tags)
	}

	if diags := r.Destroy(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if left := p.Mock.World().State().Identities; len(left) != 0 {
		t.Errorf("Azure still has %+v", left)
	}
}

func TestCreateAsksNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	r := p.Resource(typeName)
	plan, diags := r.Plan(config())
	if len(diags) > 0 || plan.Action != prototest.Create {
		t.Fatal(plan.Action, diags)
	}
	if n := len(p.Mock.Requests()); n > 0 {
		t.Errorf("the plan asked Azure %d times", n)
	}
	mustApply(t, r, config())
	var asked []string
	for _, request := range p.Mock.Requests() {
		if request.Kind == mockarm.ARMRequest {
			asked = append(asked, request.Method)
		}
	}
	// A look whether it is there, the write, and the refresh of the plan after apply.
	if got := strings.Join(asked, " "); got != "GET PUT GET" {
		t.Errorf("ARM was asked: %s", got)
	}
}

func TestAnotherSpellingIsNoChange(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource(typeName)
	mustApply(t, r, config(prototest.Object{"location": "West US", "resource_group_name": "devtest"}))
	for _, spelling := range []prototest.Object{
		{"location": "westus"},
		{"location": "WEST US"},
		{"resource_group_name": "DEVTEST"},
		{"name": "ID-Reader"},
		{"subscription_id": strings.ToUpper(mockarm.DefaultSubscriptionID)},
	} {
		plan, diags := r.Plan(config(spelling))
		if len(diags) > 0 || plan.Action != prototest.NoOp {
			t.Errorf("with %v the plan is to %s %v", spelling, plan.Action, diags)
		}
	}
}

func TestWhatCannotChangeIsReplaced(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource(typeName)
	mustApply(t, r, config())
	for _, change := range []prototest.Object{
		{"name": "id-other"}, {"location": "eastus"}, {"resource_group_name": "Other"}, {"subscription_id": "33333333-3333-4333-8333-333333333333"},
	} {
		plan, diags := r.Plan(config(change))
		if len(diags) > 0 || plan.Action != prototest.Replace || len(plan.RequiresReplace) != 1 {
			t.Errorf("with %v the plan is to %s because of %v %v", change, plan.Action, plan.RequiresReplace, diags)
		}
	}
	before := r.Get("principal_id")
	mustApply(t, r, config(prototest.Object{"location": "eastus"}))
	if r.Get("principal_id") == before {
		t.Error("the replacement has the principal of the old one")
	}
}

func TestChangesBehindTerraformsBackAreMended(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	r := p.Resource(typeName)
	wanted := config(prototest.Object{"tags": prototest.Object{"team": "sec"}})
	mustApply(t, r, wanted)

	p.Behind(http.MethodPatch, readerID, `{"tags":{"team":"other","by":"hand"}}`)
	if diags := r.Refresh(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if plan, _ := r.Plan(wanted); plan.Action != prototest.Update {
		t.Errorf("after a change by hand the plan is to %s", plan.Action)
	}
	mustApply(t, r, wanted)
	if tags := p.Mock.World().State().Identities[0].Tags; len(tags) != 1 || tags["team"] != "sec" {
		t.Errorf("the tags are %v", tags)
	}

	p.Behind(http.MethodDelete, readerID, "")
	mustApply(t, r, wanted)
	if n := len(p.Mock.World().State().Identities); n != 1 {
		t.Errorf("Azure has %d identities", n)
	}
	p.Behind(http.MethodDelete, readerID, "")
	if diags := r.Destroy(); len(diags) > 0 {
		t.Errorf("destroying what is gone: %s", diags)
	}
}

// Terraform before 1.12 sends no identity, and the framework refuses to take an object out of state without one.
func TestGoneIsGoneForOldTerraformToo(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	p.OldTerraform = true
	r := p.Resource(typeName)
	mustApply(t, r, config())
	mustApply(t, r, config(prototest.Object{"tags": prototest.Object{"a": "b"}}))
	p.Behind(http.MethodDelete, readerID, "")
	if diags := r.Refresh(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if r.State() != nil {
		t.Errorf("the state holds %v", r.State())
	}
}

func TestWhatExistsIsNotTakenOver(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	p.Behind(http.MethodPut, readerID, `{"location":"westus","tags":{"owner":"somebody"}}`)
	r := p.Resource(typeName)
	diags := r.Apply(config())
	if !diags.HasError() || r.State() != nil {
		t.Fatalf("it was taken over: %v %s", r.State(), diags)
	}
	for _, want := range []string{"exists already", "import {", "to = azuremi_user_assigned_identity.", `id = "` + readerID + `"`} {
		if !strings.Contains(diags.String(), want) {
			t.Errorf("the error lacks %q:\n%s", want, diags)
		}
	}
	if p.Mock.World().State().Identities[0].Tags["owner"] != "somebody" {
		t.Error("the existing identity was changed")
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	p.Behind(http.MethodPut, readerID, `{"location":"westus","tags":{"team":"sec"}}`)
	lower := strings.Replace(readerID, "resourceGroups", "resourcegroups", 1)
	for name, take := range map[string]func(*prototest.Resource) prototest.Diagnostics{
		"by ID":                   func(r *prototest.Resource) prototest.Diagnostics { return r.Import(readerID) },
		"by the service's own ID": func(r *prototest.Resource) prototest.Diagnostics { return r.Import(lower) },
		"by ID, all in capitals":  func(r *prototest.Resource) prototest.Diagnostics { return r.Import(strings.ToUpper(readerID)) },
		"by identity, as in azurerm": func(r *prototest.Resource) prototest.Diagnostics {
			return r.ImportIdentity(prototest.Object{"subscription_id": mockarm.DefaultSubscriptionID, "resource_group_name": "DevTest", "name": "id-reader"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prototest.Start(t, prototest.With(p.Mock)).Resource(typeName)
			if diags := take(r); len(diags) > 0 {
				t.Fatal(diags)
			}
			plan, diags := r.Plan(config(prototest.Object{"tags": prototest.Object{"team": "sec"}}))
			if len(diags) > 0 || plan.Action != prototest.NoOp {
				t.Errorf("the plan after import is to %s %s", plan.Action, diags)
			}
		})
	}
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource(typeName)
	for id, want := range map[string]string{
		"id-reader": "does not start", group: "userAssignedIdentities/example", readerID: "non-existent",
	} {
		if diags := r.Import(id); !diags.HasError() || !strings.Contains(diags.String(), want) {
			t.Errorf("importing %q: %s", id, diags)
		}
	}
}

func TestBadInputFailsThePlan(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource(typeName)
	for _, c := range []struct {
		change prototest.Object
		path   string
	}{
		{prototest.Object{"name": "id"}, `AttributeName("name")`},
		{prototest.Object{"name": "-reader"}, `AttributeName("name")`},
		{prototest.Object{"name": "id reader"}, `AttributeName("name")`},
		{prototest.Object{"name": strings.Repeat("a", 129)}, `AttributeName("name")`},
		{prototest.Object{"resource_group_name": "DevTest."}, `AttributeName("resource_group_name")`},
		{prototest.Object{"location": ""}, `AttributeName("location")`},
		{prototest.Object{"subscription_id": "prod"}, `AttributeName("subscription_id")`},
		{prototest.Object{"tags": prototest.Object{"team": nil}}, `AttributeName("tags")`},
		{prototest.Object{"isolation_scope": "Global"}, `AttributeName("isolation_scope")`},
		{prototest.Object{"timeouts": prototest.Object{"create": "soon"}}, `AttributeName("timeouts").AttributeName("create")`},
	} {
		_, diags := r.Plan(config(c.change))
		if !diags.HasError() || diags[0].Path != c.path {
			t.Errorf("with %v: %s", c.change, diags)
		}
	}
	if _, diags := r.Plan(config(prototest.Object{"name": prototest.Unknown, "location": prototest.Unknown, "resource_group_name": prototest.Unknown})); len(diags) > 0 {
		t.Errorf("with what is not known yet: %s", diags)
	}
}

func TestALongNameIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource(typeName)
	for n, warned := range map[int]bool{24: false, 25: true, 128: true} {
		_, diags := r.Plan(config(prototest.Object{"name": strings.Repeat("a", n)}))
		if diags.HasError() || (len(diags) > 0) != warned {
			t.Errorf("with %d characters: %s", n, diags)
		}
	}
	long := config(prototest.Object{"name": strings.Repeat("a", 25)})
	if diags := r.Apply(long); diags.HasError() || len(diags) != 1 {
		t.Fatal(diags)
	}
	if _, diags := r.Plan(long); len(diags) > 0 {
		t.Errorf("the plan of what is there warns still: %s", diags)
	}
}

func TestErrorsTellWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option prototest.Option
		change prototest.Object
		want   []string
	}{
		"no resource group": {prototest.Environment(nil), prototest.Object{"resource_group_name": "Nowhere"}, []string{"Cannot create user-assigned identity", "ResourceGroupNotFound", "'Nowhere'", "Correlation ID"}},
		"no subscription":   {prototest.Environment(map[string]string{"ARM_SUBSCRIPTION_ID": ""}), nil, []string{"No subscription", "ARM_SUBSCRIPTION_ID"}},
		"no login":          {prototest.Environment(map[string]string{"ARM_CLIENT_SECRET": "", "ARM_USE_CLI": "false"}), nil, []string{"client_secret (ARM_CLIENT_SECRET)", "use_cli"}},
		"a wrong secret":    {prototest.Environment(map[string]string{"ARM_CLIENT_SECRET": "wrong"}), nil, []string{"AADSTS7000215"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prototest.Start(t, c.option).Resource(typeName)
			diags := r.Apply(config(c.change))
			if !diags.HasError() {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(diags.String(), want) {
					t.Errorf("the error lacks %q:\n%s", want, diags)
				}
			}
		})
	}
}
