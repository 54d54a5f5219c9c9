// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Ephemeral is an ephemeral resource that has been opened.
type Ephemeral struct {
	Result Object
	// RenewAt is when Terraform renews it; zero for never.
	RenewAt time.Time

	p        *Provider
	typeName string
	private  []byte
}

// Open validates an ephemeral resource's configuration and opens it, as Terraform does in each walk.
func (p *Provider) Open(typeName string, config Object) (*Ephemeral, Diagnostics) {
	p.t.Helper()
	schema, ok := p.schemas.EphemeralResourceSchemas[typeName]
	if !ok {
		p.t.Fatalf("the provider has no ephemeral resource %q", typeName)
	}
	typ := schema.ValueType()
	encoded := p.dynamic(typ, config)
	validated, err := p.server.ValidateEphemeralResourceConfig(p.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typeName, Config: encoded})
	if err != nil {
		p.t.Fatalf("validating %s: %v", typeName, err)
	}
	diags := diagnostics(validated.Diagnostics)
	if diags.HasError() {
		return nil, diags
	}
	opened, err := p.server.OpenEphemeralResource(p.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: typeName, Config: encoded})
	if err != nil {
		p.t.Fatalf("opening %s: %v", typeName, err)
	}
	diags = append(diags, diagnostics(opened.Diagnostics)...)
	if diags.HasError() {
		return nil, diags
	}
	value, err := fromValue(p.decode(typ, opened.Result))
	if err != nil {
		p.t.Fatal(err)
	}
	result, _ := value.(Object)
	for name, wanted := range config {
		// Terraform takes no other value than the configured one.
		if _, isText := wanted.(string); isText && result[name] != wanted {
			p.t.Errorf("%s was %v in the configuration, and is %v", name, wanted, result[name])
		}
	}
	return &Ephemeral{Result: result, RenewAt: opened.RenewAt, p: p, typeName: typeName, private: opened.Private}, diags
}

// Renew renews it, as Terraform does when RenewAt has come.
func (e *Ephemeral) Renew() Diagnostics {
	e.p.t.Helper()
	renewed, err := e.p.server.RenewEphemeralResource(e.p.t.Context(), &tfprotov6.RenewEphemeralResourceRequest{TypeName: e.typeName, Private: e.private})
	if err != nil {
		e.p.t.Fatalf("renewing %s: %v", e.typeName, err)
	}
	e.RenewAt, e.private = renewed.RenewAt, renewed.Private
	return diagnostics(renewed.Diagnostics)
}
