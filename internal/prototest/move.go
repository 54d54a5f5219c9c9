// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Move takes a resource of another provider and type into state, as a moved block does. The state is that of the other
// provider.
func (r *Resource) Move(providerAddress, typeName string, state map[string]any) Diagnostics {
	r.p.t.Helper()
	raw, err := json.Marshal(state)
	if err != nil {
		r.p.t.Fatal(err)
	}
	moved, err := r.p.server.MoveResourceState(r.p.context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: providerAddress, SourceTypeName: typeName, SourceState: &tfprotov6.RawState{JSON: raw},
		TargetTypeName: r.typeName,
	})
	if err != nil {
		r.p.t.Fatalf("moving %s to %s: %v", typeName, r.typeName, err)
	}
	diags := diagnostics(moved.Diagnostics)
	if !diags.HasError() {
		r.keep(moved.TargetState, moved.TargetPrivate, moved.TargetIdentity)
	}
	return diags
}
