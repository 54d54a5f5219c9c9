// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

func TestWhatIsAssignedIsNotTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+identities+`id-reader":{}}}}`)
		for id, config := range map[string]prototest.Object{
			machineID + "|" + identities + "id-reader": userAssigned("id-reader"),
			machineID + "|SystemAssigned":              systemAssigned(),
		} {
			r := p.Resource(typeName)
			diags := r.Apply(config)
			if !diags.HasError() || r.State() != nil || !strings.Contains(diags.String(), `id = "`+id+`"`) {
				t.Errorf("applied to what is there: %v %s", r.State(), diags)
			}
			// The import block in the error works.
			if diags := r.Import(id); len(diags) > 0 {
				t.Error(diags)
			}
			if plan, diags := r.Plan(config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("the plan after import is to %s %s", plan.Action, diags)
			}
		}
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		mustApply(t, p.Resource(typeName), userAssigned("id-reader"))
		mustApply(t, p.Resource(typeName), systemAssigned())
		user, system := userAssigned("id-reader"), systemAssigned()
		for _, c := range []struct {
			name   string
			take   func(*prototest.Resource) prototest.Diagnostics
			config prototest.Object
		}{
			{"by ID", func(r *prototest.Resource) prototest.Diagnostics {
				return r.Import(machineID + "|" + identities + "id-reader")
			}, user},
			{"by ID in small letters", func(r *prototest.Resource) prototest.Diagnostics {
				return r.Import(strings.ToLower(machineID + "|" + identities + "id-reader"))
			}, user},
			{"by identity", func(r *prototest.Resource) prototest.Diagnostics { return r.ImportIdentity(user) }, user},
			{"system-assigned by ID", func(r *prototest.Resource) prototest.Diagnostics { return r.Import(machineID + "|systemassigned") }, system},
			{"system-assigned by identity", func(r *prototest.Resource) prototest.Diagnostics {
				return r.ImportIdentity(prototest.Object{"virtual_machine_id": machineID})
			}, system},
		} {
			r := p.Resource(typeName)
			if diags := c.take(r); len(diags) > 0 {
				t.Errorf("%s: %s", c.name, diags)
				continue
			}
			if plan, diags := r.Plan(c.config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("%s: the plan after import is to %s %s", c.name, plan.Action, diags)
			}
		}
		for id, want := range map[string]string{
			machineID:                     `holds no "|"`,
			machineID + "|":               "neither",
			identities + "x|" + machineID: `before "|"`,
			machineID + "|" + identities + "id-other": "non-existent",
		} {
			if diags := p.Resource(typeName).Import(id); !strings.Contains(diags.String(), want) {
				t.Errorf("importing %q: %s", id, diags)
			}
		}
	})
}

func TestWhatIsAssignedIsAdoptedOnDemand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, prototest.Configuration(prototest.Object{"adopt_existing": true}))
		p.Behind(http.MethodPut, identities+"id-reader", `{"location":"westus"}`)
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+identities+`id-reader":{}}}}`)
		before := len(writes(p))
		mustApply(t, p.Resource(typeName), userAssigned("id-reader"))
		if len(writes(p)) != before {
			t.Error("the machine was written")
		}
	})
}
