// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package schemajson_test

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/schemajson"
)

// TestTheDocumentIsTheOneThatAnEngineWrites compares every section that the engine at hand knows.
func TestTheDocumentIsTheOneThatAnEngineWrites(t *testing.T) {
	t.Parallel()
	document, err := schemajson.Marshal(t.Context(), "rich", rich{})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := sections(t, document), sections(t, engineSchema(t))
	for _, name := range []string{"provider", "resource_schemas", "data_source_schemas", "ephemeral_resource_schemas", "functions"} {
		if theirs[name] == nil {
			t.Errorf("the engine does not write the section %s; it writes %v", name, slices.Sorted(maps.Keys(theirs)))
		}
	}
	for name, want := range theirs {
		if got := ours[name]; !reflect.DeepEqual(got, want) {
			t.Errorf("the section %s is\n%s\nwant, as the engine writes it,\n%s", name, indented(t, got), indented(t, want))
		}
	}
}

// engineSchema is what `providers schema -json` says of rich.
func engineSchema(t *testing.T) []byte {
	t.Helper()
	found, err := engine.Find(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	reattach, err := json.Marshal(map[string]any{found.Host() + "/hashicorp/rich": served(t)})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const configuration = "terraform {\n  required_providers {\n    rich = { source = \"hashicorp/rich\" }\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), found.Path, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), found.Environ()...)
		cmd.Env = append(cmd.Env, "TF_REATTACH_PROVIDERS="+string(reattach))
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s%s", found, args, err, stdout, stderr.String())
		}
		return stdout
	}
	run("init", "-input=false")
	return run("providers", "schema", "-json")
}

// served runs rich as a plugin in this process until the test ends, and tells an engine where.
func served(t *testing.T) map[string]any {
	t.Helper()
	config, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	result := make(chan error, 1)
	go func() {
		result <- tf6server.Serve("rich", func() tfprotov6.ProviderServer { return rich{} },
			tf6server.WithDebug(t.Context(), config, closed),
			tf6server.WithGoPluginLogger(hclog.New(&hclog.LoggerOptions{Output: io.Discard})),
			tf6server.WithLoggingSink(t))
	}()
	t.Cleanup(func() { <-closed }) // t.Context is done by now, and ends it
	select {
	case at := <-config:
		return map[string]any{
			"Protocol": string(at.Protocol), "ProtocolVersion": at.ProtocolVersion, "Pid": at.Pid, "Test": true,
			"Addr": map[string]string{"Network": at.Addr.Network(), "String": at.Addr.String()},
		}
	case err := <-result:
		t.Fatalf("serving the provider: %v", err)
		return nil
	}
}

// sections are the parts of a document that has one provider, brought into one form: OpenTofu writes some empty values that
// Terraform leaves out, and newer engines write what terraform-json does not know yet.
func sections(t *testing.T, document []byte) map[string]any {
	t.Helper()
	var schemas tfjson.ProviderSchemas
	if err := json.Unmarshal(document, &schemas); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	if schemas.FormatVersion != "1.0" || len(schemas.Schemas) != 1 {
		t.Fatalf("the document is of version %q and has %d providers, want 1.0 and 1", schemas.FormatVersion, len(schemas.Schemas))
	}
	sections := map[string]any{}
	for _, schema := range schemas.Schemas {
		for _, function := range schema.Functions {
			function.DeprecationMessage = "" // OpenTofu leaves it out
		}
		normal, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(normal, &sections); err != nil {
			t.Fatal(err)
		}
	}
	return sections
}

func indented(t *testing.T, value any) string {
	t.Helper()
	document, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}
