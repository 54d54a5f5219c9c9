// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// An element is a place in a schema that has a description: a block or an attribute.
type element struct {
	path        string
	description string
	kind        tfprotov6.StringKind
	sensitive   bool
}

// inTimeouts tells whether the element is one of terraform-plugin-framework-timeouts, which writes plain text, and none for
// the block itself.
func (e element) inTimeouts() bool { return strings.Contains(e.path+".", ".timeouts.") }

// elements lists a block and all that is in it.
func elements(path string, block *tfprotov6.SchemaBlock) []element {
	found := append([]element{{path: path, description: block.Description, kind: block.DescriptionKind}}, attributes(path, block.Attributes)...)
	for _, nested := range block.BlockTypes {
		found = append(found, elements(path+"."+nested.TypeName, nested.Block)...)
	}
	return found
}

func attributes(path string, all []*tfprotov6.SchemaAttribute) []element {
	var found []element
	for _, a := range all {
		at := path + "." + a.Name
		found = append(found, element{at, a.Description, a.DescriptionKind, a.Sensitive})
		if a.NestedType != nil {
			found = append(found, attributes(at, a.NestedType.Attributes)...)
		}
	}
	return found
}

// everything lists the elements of all schemas that the provider has.
func everything(t *testing.T) []element {
	t.Helper()
	schemas := prototest.Start(t).Schemas()
	found := elements("provider", schemas.Provider.Block)
	for kind, types := range map[string]map[string]*tfprotov6.Schema{
		"resource": schemas.ResourceSchemas, "data": schemas.DataSourceSchemas,
		"ephemeral": schemas.EphemeralResourceSchemas, "list": schemas.ListResourceSchemas,
	} {
		for name, schema := range types {
			found = append(found, elements(kind+"."+name, schema.Block)...)
		}
	}
	for name, action := range schemas.ActionSchemas {
		found = append(found, elements("action."+name, action.Schema.Block)...)
	}
	return found
}

func isSentence(text string) bool { return strings.HasSuffix(text, ".") }

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, e := range everything(t) {
		switch {
		case strings.HasSuffix(e.path, ".timeouts"):
		case !isSentence(e.description):
			t.Errorf("%s is described as %q, which is no sentence", e.path, e.description)
		case e.kind != tfprotov6.StringKindMarkdown && !e.inTimeouts():
			t.Errorf("%s is not described in Markdown", e.path)
		}
	}
	p := prototest.Start(t)
	for name, schema := range p.IdentitySchemas() {
		for _, a := range schema.IdentityAttributes {
			if !isSentence(a.Description) {
				t.Errorf("identity.%s.%s is described as %q, which is no sentence", name, a.Name, a.Description)
			}
		}
	}
	for name, function := range p.Schemas().Functions {
		parameters := function.Parameters
		if function.VariadicParameter != nil {
			parameters = append(parameters, function.VariadicParameter)
		}
		descriptions := []string{function.Summary, function.Description}
		for _, parameter := range parameters {
			descriptions = append(descriptions, parameter.Description)
		}
		if i := slices.IndexFunc(descriptions, func(text string) bool { return !isSentence(text) }); i >= 0 {
			t.Errorf("the function %s says %q, which is no sentence", name, descriptions[i])
		}
	}
}

// What is sensitive is in state all the same, and so there is nothing of the kind but what the provider logs in with; what is ephemeral is in none.
func TestOnlyWhatTheProviderLogsInWithIsSensitive(t *testing.T) {
	t.Parallel()
	var sensitive []string
	for _, e := range everything(t) {
		if e.sensitive {
			sensitive = append(sensitive, e.path)
		}
	}
	slices.Sort(sensitive)
	if !slices.Equal(sensitive, []string{
		"ephemeral.azuremi_access_token.access_token",
		"provider.client_certificate", "provider.client_certificate_password", "provider.client_secret", "provider.oidc_request_token", "provider.oidc_token",
	}) {
		t.Errorf("sensitive are %q", sensitive)
	}
}

func TestEveryOperationHasItsTimeout(t *testing.T) {
	t.Parallel()
	schemas := prototest.Start(t).Schemas()
	for name, schema := range schemas.ResourceSchemas {
		wantTimeouts(t, name, schema, "create", "read", "delete")
	}
	for name, schema := range schemas.DataSourceSchemas {
		wantTimeouts(t, name, schema, "read")
	}
	for name, schema := range schemas.EphemeralResourceSchemas {
		wantTimeouts(t, name, schema, "open")
	}
}

func wantTimeouts(t *testing.T, name string, schema *tfprotov6.Schema, verbs ...string) {
	t.Helper()
	i := slices.IndexFunc(schema.Block.BlockTypes, func(b *tfprotov6.SchemaNestedBlock) bool { return b.TypeName == "timeouts" })
	if i < 0 {
		t.Errorf("%s has no timeouts", name)
		return
	}
	for _, verb := range verbs {
		has := func(a *tfprotov6.SchemaAttribute) bool { return a.Name == verb && a.Optional }
		if !slices.ContainsFunc(schema.Block.BlockTypes[i].Block.Attributes, has) {
			t.Errorf("%s has no timeout to %s", name, verb)
		}
	}
}

func TestEveryResourceIsImportedByIDAndByIdentity(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	for name := range p.Schemas().ResourceSchemas {
		schema, ok := p.IdentitySchemas()[name]
		if !ok || !slices.ContainsFunc(schema.IdentityAttributes, func(a *tfprotov6.ResourceIdentitySchemaAttribute) bool { return a.RequiredForImport }) {
			t.Errorf("%s has no identity", name)
		}
		diags := p.Resource(name).Import("nonsense")
		if !diags.HasError() || strings.Contains(diags.String(), "Not Implemented") || !strings.Contains(diags.String(), "nonsense") {
			t.Errorf("%s is imported by nonsense: %s", name, diags)
		}
	}
	if asked := p.Mock.Requests(); len(asked) > 0 {
		t.Errorf("Azure was asked %+v", asked)
	}
}

// examples is the folder of the examples, as seen from this package's tests.
var examples = filepath.Join("..", "..", "examples")

// The documentation takes the examples from these files, and shows nothing where one is missing.
func TestEveryTypeHasItsExamples(t *testing.T) {
	t.Parallel()
	schemas := prototest.Start(t).Schemas()
	wantExamples(t, "resources", schemas.ResourceSchemas, "resource.tf", "import.sh", "import-by-identity.tf")
	wantExamples(t, "data-sources", schemas.DataSourceSchemas, "data-source.tf")
	wantExamples(t, "ephemeral-resources", schemas.EphemeralResourceSchemas, "ephemeral-resource.tf")
	wantExamples(t, "list-resources", schemas.ListResourceSchemas, "list-resource.tfquery.hcl")
	wantExamples(t, "actions", schemas.ActionSchemas, "action.tf")
	wantExamples(t, "functions", schemas.Functions, "function.tf")
}

// wantExamples demands the files in a folder for each type, and a type for each folder.
func wantExamples[T any](t *testing.T, kind string, types map[string]T, files ...string) {
	t.Helper()
	for name := range types {
		for _, file := range files {
			if info, err := os.Stat(filepath.Join(examples, kind, name, file)); err != nil || info.Size() == 0 {
				t.Errorf("%s has no example %s: %v", name, file, err)
			}
		}
	}
	folders, err := os.ReadDir(filepath.Join(examples, kind))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if _, ok := types[folder.Name()]; !ok {
			t.Errorf("the examples of %s are of nothing that there is", folder.Name())
		}
	}
}
