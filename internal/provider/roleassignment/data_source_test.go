// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const listTypeName = "azuremi_role_assignments"

// listed are the assignments that a data source has found, as "ROLE to PRINCIPAL at SCOPE".
func listed(t *testing.T, p *prototest.Provider, config prototest.Object) []string {
	t.Helper()
	state, diags := p.Read(listTypeName, config)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	found := []string{}
	for _, one := range items(t, state) {
		found = append(found, text(one, "role_definition_name")+" to "+text(one, "principal_id")+" at "+text(one, "scope"))
	}
	return found
}

func items(t *testing.T, state prototest.Object) []prototest.Object {
	t.Helper()
	list, ok := state["role_assignments"].([]any)
	if !ok {
		t.Fatalf("role_assignments is %v", state["role_assignments"])
	}
	objects := []prototest.Object{}
	for _, item := range list {
		object, ok := item.(prototest.Object)
		if !ok {
			t.Fatalf("an assignment is %v", item)
		}
		objects = append(objects, object)
	}
	return objects
}

func text(object prototest.Object, attribute string) string {
	s, _ := object[attribute].(string)
	return s
}

func TestAssignmentsAreListed(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	for _, scope := range []string{subscription, group, readerID} {
		mustApply(t, p.Resource(typeName), assignReader(principal).With(prototest.Object{"scope": scope}))
	}
	mustApply(t, p.Resource(typeName), assignReader(principal).With(prototest.Object{"role_definition_name": "Contributor"}))
	reads := func(scope string) string { return "Reader to " + principal + " at " + scope }
	owns := "Owner to " + mockarm.DefaultOperatorID + " at " + subscription
	writes := "Contributor to " + principal + " at " + group
	for name, c := range map[string]struct {
		config prototest.Object
		want   []string
	}{
		"at the group":            {prototest.Object{"scope": group}, []string{reads(group), writes}},
		"at and below the group":  {prototest.Object{"scope": group, "include_below": true}, []string{reads(group), writes, reads(readerID)}},
		"at the subscription":     {prototest.Object{"scope": subscription}, []string{owns, reads(subscription)}},
		"of the principal":        {prototest.Object{"scope": subscription, "principal_id": principal}, []string{reads(subscription)}},
		"of the principal, below": {prototest.Object{"scope": subscription, "principal_id": principal, "include_below": true}, []string{reads(subscription), reads(group), writes, reads(readerID)}},
		"of a role":               {prototest.Object{"scope": strings.ToUpper(group), "role_definition_name": "contributor"}, []string{writes}},
		"of a role by ID":         {prototest.Object{"scope": group, "role_definition_id": definitions + reader, "include_below": true}, []string{reads(group), reads(readerID)}},
		"where there is none":     {prototest.Object{"scope": mockarm.DefaultMachineID}, nil},
	} {
		found := map[string]bool{}
		for _, one := range listed(t, p, c.config) {
			found[one] = true
		}
		for _, want := range c.want {
			if !found[want] {
				t.Errorf("%s the list lacks %s", name, want)
			}
		}
		if len(found) != len(c.want) {
			t.Errorf("%s the list has %v", name, found)
		}
	}
}

func TestAnOrphanIsMarkedWhereAzureTells(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	p.Mock.World().Configure(func(s *mockarm.Settings) { s.TellOrphans = true })
	p.Behind(http.MethodDelete, readerID, "")
	state, diags := p.Read(listTypeName, prototest.Object{"scope": group})
	if all := items(t, state); len(diags) > 0 || len(all) != 1 || all[0]["principal_gone"] != true || all[0]["principal_type"] != "Unknown" {
		t.Errorf("the list is %v %s", state, diags)
	}
	// The orphan itself stays as it is: to make it again would make another orphan.
	if diags := r.Refresh(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if plan, diags := r.Plan(assignReader(principal)); plan.Action != prototest.NoOp || len(diags) > 0 {
		t.Errorf("the plan for an orphan is to %s %s", plan.Action, diags)
	}
}

func TestAListThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.As("stranger"))
	if _, diags := p.Read(listTypeName, prototest.Object{"scope": group}); !strings.Contains(diags.String(), "AuthorizationFailed") {
		t.Errorf("the error is %s", diags)
	}
	if _, diags := p.Read(listTypeName, prototest.Object{"scope": "x"}); !strings.Contains(diags.String(), `AttributeName("scope")`) {
		t.Errorf("the error is %s", diags)
	}
}
