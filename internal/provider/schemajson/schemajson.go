// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package schemajson writes down a provider's schema as `terraform providers schema -json` does, without Terraform.
//
// The documentation is generated from that JSON. An engine writes only the sections it knows itself: Terraform before 1.12 no
// identities, before 1.14 no list resources, OpenTofu no list resources at all. The provider asked in process gives
// everything, the same on every machine.
package schemajson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// formatVersion is that of the JSON of Terraform since 1.1.
const formatVersion = "1.0"

// Marshal returns the JSON of the schema of a provider that is known under the given name, without its host and namespace:
// tfplugindocs looks for that key.
func Marshal(ctx context.Context, name string, server tfprotov6.ProviderServer) ([]byte, error) {
	schema, err := schemaOf(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("describing the provider %s: %w", name, err)
	}
	document, err := json.MarshalIndent(tfjson.ProviderSchemas{
		FormatVersion: formatVersion,
		Schemas:       map[string]*tfjson.ProviderSchema{name: schema},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema of the provider %s as JSON: %w", name, err)
	}
	return append(document, '\n'), nil
}

func schemaOf(ctx context.Context, server tfprotov6.ProviderServer) (*tfjson.ProviderSchema, error) {
	got, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("asking for its schema: %w", err)
	}
	if err := refusal(got.Diagnostics); err != nil {
		return nil, fmt.Errorf("asking for its schema: %w", err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("asking for its resources' identities: %w", err)
	}
	if err := refusal(identities.Diagnostics); err != nil {
		return nil, fmt.Errorf("asking for its resources' identities: %w", err)
	}

	var convert conversion
	schema := &tfjson.ProviderSchema{
		ConfigSchema:             convert.schema(got.Provider),
		ResourceSchemas:          each(got.ResourceSchemas, convert.schema),
		DataSourceSchemas:        each(got.DataSourceSchemas, convert.schema),
		EphemeralResourceSchemas: each(got.EphemeralResourceSchemas, convert.schema),
		ListResourceSchemas:      each(got.ListResourceSchemas, convert.schema),
		ActionSchemas:            each(got.ActionSchemas, convert.action),
		Functions:                each(got.Functions, convert.function),
		ResourceIdentitySchemas:  each(identities.IdentitySchemas, convert.identity),
	}
	return schema, convert.err
}

// refusal joins the errors among diagnostics.
func refusal(diagnostics []*tfprotov6.Diagnostic) error {
	var refused []error
	for _, diagnostic := range diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			refused = append(refused, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail))
		}
	}
	return errors.Join(refused...)
}

// each converts every value of a map.
func each[From, To any](from map[string]From, convert func(From) To) map[string]To {
	to := make(map[string]To, len(from))
	for name, value := range from {
		to[name] = convert(value)
	}
	return to
}
