// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Call calls a function of the provider whose arguments and result are strings. The error is what the function says, nil if it
// has a result.
func (p *Provider) Call(name string, arguments ...string) (string, *tfprotov6.FunctionError) {
	p.t.Helper()
	if _, ok := p.schemas.Functions[name]; !ok {
		p.t.Fatalf("the provider has no function %q", name)
	}
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for _, argument := range arguments {
		request.Arguments = append(request.Arguments, p.encode(tftypes.String, tftypes.NewValue(tftypes.String, argument)))
	}
	response, err := p.server.CallFunction(p.t.Context(), request)
	if err != nil {
		p.t.Fatalf("calling %s: %v", name, err)
	}
	if response.Error != nil {
		return "", response.Error
	}
	result, err := fromValue(p.decode(tftypes.String, response.Result))
	text, ok := result.(string)
	if err != nil || !ok {
		p.t.Fatalf("%s gives %v: %v", name, result, err)
	}
	return text, nil
}
