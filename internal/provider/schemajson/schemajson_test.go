// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package schemajson_test

import (
	"encoding/json"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"

	"github.com/azuremi/terraform-provider-azuremi/internal/provider/schemajson"
)

// marshalled is the schema of rich, read back as tfplugindocs reads it.
func marshalled(t *testing.T) *tfjson.ProviderSchema {
	t.Helper()
	document, err := schemajson.Marshal(t.Context(), "rich", rich{})
	if err != nil {
		t.Fatal(err)
	}
	var schemas tfjson.ProviderSchemas
	if err := json.Unmarshal(document, &schemas); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	if len(schemas.Schemas) != 1 || schemas.Schemas["rich"] == nil {
		t.Fatalf("the document holds other schemas than that of rich:\n%s", document)
	}
	return schemas.Schemas["rich"]
}

func TestIdentitiesListsAndActionsAreThereWhateverTheEngine(t *testing.T) {
	t.Parallel()
	schema := marshalled(t)

	identity := schema.ResourceIdentitySchemas["rich_thing"]
	if identity == nil || identity.Version != 2 || len(identity.Attributes) != 2 {
		t.Fatalf("the identity of rich_thing is %+v", identity)
	}
	if name := identity.Attributes["name"]; name.IdentityType != cty.String || !name.RequiredForImport ||
		name.OptionalForImport || name.Description != "Its name." {
		t.Errorf("the identity's name is %+v", name)
	}
	if regions := identity.Attributes["regions"]; !regions.IdentityType.Equals(cty.List(cty.String)) || !regions.OptionalForImport {
		t.Errorf("the identity's regions are %+v", regions)
	}
	if list := schema.ListResourceSchemas["rich_thing"]; list == nil || !list.Block.Attributes["scope"].Required {
		t.Errorf("the list resource is %+v", list)
	}
	if action := schema.ActionSchemas["rich_restart"]; action == nil || action.Block.Attributes["force"].AttributeType != cty.Bool {
		t.Errorf("the action is %+v", action)
	}
}

func TestFlagsAndDescriptionsAreKept(t *testing.T) {
	t.Parallel()
	thing := marshalled(t).ResourceSchemas["rich_thing"]
	if thing.Version != 7 || !thing.Block.Deprecated || thing.Block.DescriptionKind != tfjson.SchemaDescriptionKindMarkdown {
		t.Errorf("rich_thing is %+v", thing.Block)
	}
	if secret := thing.Block.Attributes["secret"]; !secret.Sensitive || !secret.WriteOnly || !secret.Required {
		t.Errorf("the secret is %+v", secret)
	}
	if flag := thing.Block.Attributes["flag"]; !flag.Deprecated || !flag.Optional || !flag.Computed {
		t.Errorf("the flag is %+v", flag)
	}
	if list := thing.Block.NestedBlocks["block_list"]; list.MinItems != 1 || list.MaxItems != 5 {
		t.Errorf("the list block is %+v", list)
	}
	if message := marshalled(t).Functions["join_parts"].DeprecationMessage; message != "Use another." {
		t.Errorf("the function's deprecation is %q", message)
	}
}

func TestAProviderThatRefusesItsSchemaIsAnError(t *testing.T) {
	t.Parallel()
	for story, test := range map[string]struct {
		severity tfprotov6.DiagnosticSeverity
		fails    bool
	}{
		"an error":  {tfprotov6.DiagnosticSeverityError, true},
		"a warning": {tfprotov6.DiagnosticSeverityWarning, false},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			said := []*tfprotov6.Diagnostic{{Severity: test.severity, Summary: "Duplicate Type", Detail: "rich_thing is there twice."}}
			for _, server := range []rich{{refuseSchema: said}, {refuseIdentities: said}} {
				_, err := schemajson.Marshal(t.Context(), "rich", server)
				if test.fails != (err != nil) {
					t.Errorf("error = %v, want one: %v", err, test.fails)
				}
				if err != nil && !strings.Contains(err.Error(), "Duplicate Type: rich_thing is there twice.") {
					t.Errorf("the error does not tell what the provider said: %v", err)
				}
			}
		})
	}
}
