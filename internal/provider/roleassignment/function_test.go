// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const functionName = "role_assignment_name"

func TestTheFunctionKnowsTheNameOfAnAssignment(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	for _, role := range []string{reader, strings.ToUpper(reader), definitions + reader, subscription + definitions + reader} {
		for _, scope := range []string{group, strings.ToLower(group) + "/"} {
			if got, refusal := p.Call(functionName, mockarm.DefaultTenantID, scope, strings.ToUpper(principal), role); got != r.Get("name") || refusal != "" {
				t.Errorf("the name of %s at %s is %s %s, want %s", role, scope, got, refusal, r.Get("name"))
			}
		}
	}
}

func TestTheFunctionRefusesWhatHasNoName(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	good := []string{mockarm.DefaultTenantID, group, mockarm.DefaultOperatorID, reader}
	for i, want := range []string{"tenant_id", "scope", "principal_id", "role_definition_id"} {
		bad := append([]string{}, good...)
		bad[i] = "Reader"
		if got, refusal := p.Call(functionName, bad...); got != "" || !strings.Contains(refusal, want) {
			t.Errorf("with a bad %s the name is %q: %s", want, got, refusal)
		}
	}
}
