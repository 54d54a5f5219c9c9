// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
)

// moduleFolder holds the module that users copy.
var moduleFolder = filepath.Join(acctest.Root(), "examples", "modules", "vm-managed-identity")

// The README's tables are those of terraform-docs, which users of registry modules know.
func TestTheReadmeOfTheModuleSaysWhatTheCodeSays(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(moduleFolder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var inputs, outputs, requirements []string
	for _, variable := range moduleBlocks(t, "variables.tf", "variable") {
		required, value := "yes", "n/a"
		if variable.has("default") {
			required, value = "no", code(variable.source("default"))
		}
		inputs = append(inputs, row(variable.name, variable.text(t, "description"), code(typeName(variable.source("type"))), value, required))
	}
	for _, output := range moduleBlocks(t, "outputs.tf", "output") {
		outputs = append(outputs, row(output.name, output.text(t, "description")))
	}
	terraform := moduleBlocks(t, "versions.tf", "terraform")[0]
	requirements = append(requirements, row("terraform", terraform.text(t, "required_version")))
	for _, provider := range terraform.body.Blocks[0].Body.Attributes {
		value, diags := provider.Expr.Value(nil)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		requirements = append(requirements, row(provider.Name, value.AsValueMap()["version"].AsString()))
	}
	for title, rows := range map[string][]string{"Inputs": inputs, "Outputs": outputs, "Requirements": requirements} {
		if got, want := tableOf(string(readme), title), strings.Join(rows, ""); got != want {
			t.Errorf("%s of the README are\n%sand of the code\n%s", title, got, want)
		}
	}
}

// A use of the module says nothing that the module does not know, and leaves nothing out that it needs.
func TestTheReadmeOfTheModuleUsesItAsItIs(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(moduleFolder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	uses := terraformBlock.FindAllSubmatch(readme, -1)
	if len(uses) == 0 {
		t.Fatal("the README shows no use of the module")
	}
	inputs := map[string]bool{"source": true} // whether an argument must be there
	for _, variable := range moduleBlocks(t, "variables.tf", "variable") {
		inputs[variable.name] = !variable.has("default")
	}
	for _, use := range uses {
		parsed, diags := hclsyntax.ParseConfig(use[1], "README.md", hcl.InitialPos)
		body, ok := parsed.Body.(*hclsyntax.Body)
		if diags.HasErrors() || !ok || len(body.Blocks) != 1 {
			t.Fatalf("reading %s: %v", use[1], diags)
		}
		arguments := body.Blocks[0].Body.Attributes
		for name := range arguments {
			if _, known := inputs[name]; !known {
				t.Errorf("the module has no input %q", name)
			}
		}
		for name, required := range inputs {
			if required && arguments[name] == nil {
				t.Errorf("%s is missing in %s", name, use[1])
			}
		}
	}
}

// terraformBlock is a piece of configuration in a page.
var terraformBlock = regexp.MustCompile("(?s)\n```terraform\n(.*?)```\n")

// A moduleBlock is a variable, an output or the settings of the module, with its text.
type moduleBlock struct {
	name string
	body *hclsyntax.Body
	file []byte
}

func moduleBlocks(t *testing.T, file, kind string) []moduleBlock {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleFolder, file))
	if err != nil {
		t.Fatal(err)
	}
	parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	body, ok := parsed.Body.(*hclsyntax.Body)
	if diags.HasErrors() || !ok {
		t.Fatalf("reading %s: %v", file, diags)
	}
	var blocks []moduleBlock
	for _, block := range body.Blocks {
		if block.Type == kind {
			blocks = append(blocks, moduleBlock{strings.Join(block.Labels, "."), block.Body, text})
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no block %s", file, kind)
	}
	return blocks
}

func (b moduleBlock) has(argument string) bool { return b.body.Attributes[argument] != nil }

// source is the text of an argument.
func (b moduleBlock) source(argument string) string {
	return string(b.body.Attributes[argument].Expr.Range().SliceBytes(b.file))
}

// text is the value of an argument, which is a sentence where it is a description.
func (b moduleBlock) text(t *testing.T, argument string) string {
	t.Helper()
	value, diags := b.body.Attributes[argument].Expr.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	text := value.AsString()
	if argument == "description" && !strings.HasSuffix(text, ".") {
		t.Errorf("the description of %s does not end in a period", b.name)
	}
	return text
}

// typeName is a type in one line, as terraform fmt would write it there.
func typeName(source string) string {
	line := strings.Join(strings.Fields(strings.ReplaceAll(source, "\n", ",\n")), " ")
	return strings.NewReplacer("({, ", "({ ", ", })", " })").Replace(line)
}

func code(text string) string { return "`" + text + "`" }

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// tableOf is the table below a title, without its head.
func tableOf(markdown, title string) string {
	_, section, _ := strings.Cut(markdown, "\n## "+title+"\n\n")
	section, _, _ = strings.Cut(section, "\n\n")
	lines := strings.SplitAfter(strings.TrimSuffix(section, "\n")+"\n", "\n")
	return strings.Join(lines[min(2, len(lines)):], "")
}
