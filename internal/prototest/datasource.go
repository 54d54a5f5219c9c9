// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Read validates a data source's configuration and reads it.
func (p *Provider) Read(typeName string, config Object) (Object, Diagnostics) {
	p.t.Helper()
	schema, ok := p.schemas.DataSourceSchemas[typeName]
	if !ok {
		p.t.Fatalf("the provider has no data source %q", typeName)
	}
	typ := schema.ValueType()
	encoded := p.dynamic(typ, config)
	validated, err := p.server.ValidateDataResourceConfig(p.context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: encoded})
	if err != nil {
		p.t.Fatalf("validating %s: %v", typeName, err)
	}
	diags := diagnostics(validated.Diagnostics)
	if diags.HasError() {
		return nil, diags
	}
	read, err := p.server.ReadDataSource(p.context(), &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: encoded})
	if err != nil {
		p.t.Fatalf("reading %s: %v", typeName, err)
	}
	diags = append(diags, diagnostics(read.Diagnostics)...)
	value, err := fromValue(p.decode(typ, read.State))
	if err != nil {
		p.t.Fatal(err)
	}
	object, _ := value.(Object)
	return object, diags
}
