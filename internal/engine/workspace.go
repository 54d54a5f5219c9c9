// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// Workspace is a folder in which an engine works on a configuration with providers that were built here. It needs neither
// "init" nor a registry.
type Workspace struct {
	*tfexec.Terraform
	Dir string
}

// NewWorkspace prepares a folder, which must exist and may hold a configuration already. overrides are the folders of provider
// binaries by source address ("azuremi/azuremi"). env is the whole environment of the engine, as KEY=VALUE.
func (e Engine) NewWorkspace(dir string, overrides map[string]string, env []string) (*Workspace, error) {
	settings := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(settings, []byte(cliConfig(overrides)), 0o600); err != nil {
		return nil, fmt.Errorf("preparing a workspace: %w", err)
	}
	terraform, err := tfexec.NewTerraform(dir, e.Path)
	if err != nil {
		return nil, fmt.Errorf("preparing a workspace: %w", err)
	}
	variables := map[string]string{}
	for _, pair := range append(append(env, e.Environ()...), "TF_CLI_CONFIG_FILE="+settings) {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	// tfexec sets these itself, and refuses to have them set.
	for _, name := range tfexec.ProhibitedEnv(variables) {
		delete(variables, name)
	}
	if err := terraform.SetEnv(variables); err != nil {
		return nil, fmt.Errorf("preparing a workspace: %w", err)
	}
	return &Workspace{Terraform: terraform, Dir: dir}, nil
}

// cliConfig is a CLI configuration that has the engine use providers from folders. Overridden providers are not initialised,
// and so not looked for in a registry.
func cliConfig(overrides map[string]string) string {
	var b strings.Builder
	b.WriteString("provider_installation {\n  dev_overrides {\n")
	for source, dir := range overrides {
		fmt.Fprintf(&b, "    %q = %q\n", source, filepath.ToSlash(dir))
	}
	b.WriteString("  }\n  direct {}\n}\n")
	return b.String()
}
