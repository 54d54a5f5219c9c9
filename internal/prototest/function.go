// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Call calls a function of the provider with texts, and returns its text or what it says is wrong.
func (p *Provider) Call(name string, arguments ...string) (result, refusal string) {
	p.t.Helper()
	value, refusal := p.call(name, arguments)
	result, _ = value.(string)
	return result, refusal
}

// CallObject calls a function of the provider with texts, and returns its object or what it says is wrong.
func (p *Provider) CallObject(name string, arguments ...string) (result Object, refusal string) {
	p.t.Helper()
	value, refusal := p.call(name, arguments)
	result, _ = value.(Object)
	return result, refusal
}

func (p *Provider) call(name string, arguments []string) (result any, refusal string) {
	p.t.Helper()
	function, ok := p.schemas.Functions[name]
	if !ok {
		p.t.Fatalf("the provider has no function %q", name)
	}
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for i, argument := range arguments {
		parameter := function.VariadicParameter
		if i < len(function.Parameters) {
			parameter = function.Parameters[i]
		}
		typ := parameter.Type
		value, err := toValue(typ, argument)
		if err != nil {
			p.t.Fatal(err)
		}
		request.Arguments = append(request.Arguments, p.encode(typ, value))
	}
	called, err := p.server.CallFunction(p.context(), request)
	if err != nil {
		p.t.Fatalf("calling %s: %v", name, err)
	}
	if called.Error != nil {
		return nil, called.Error.Text
	}
	result, err = fromValue(p.decode(function.Return.Type, called.Result))
	if err != nil {
		p.t.Fatal(err)
	}
	return result, ""
}
