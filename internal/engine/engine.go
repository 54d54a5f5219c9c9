// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package engine finds the Terraform engine that acceptance tests and the demonstration run, and builds one where there is none.
//
// A test that is skipped because a program is missing proves nothing, so there is always an engine: the one the caller names,
// else the one on PATH, else OpenTofu, built once from the source that tools/opentofu pins.
package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The names an engine's program goes by.
const (
	Terraform = "terraform"
	OpenTofu  = "tofu"
)

// PathVariable names the engine to use, here as in terraform-plugin-testing.
const PathVariable = "TF_ACC_TERRAFORM_PATH"

// Engine is a Terraform or OpenTofu program that has been started once and answered.
type Engine struct {
	Path    string // absolute, because the tests change their working directory
	Name    string // Terraform or OpenTofu
	Version string // without a leading v
}

// Host is the registry host that the engine supposes when a provider's source names none. The two engines differ in it, and
// development overrides, mirrors and the tests' provider addresses must use the engine's own.
func (e Engine) Host() string {
	if e.Name == OpenTofu {
		return "registry.opentofu.org"
	}
	return "registry.terraform.io"
}

// Environ lists, as KEY=VALUE, what acceptance tests need in their environment to use this engine and nothing else.
func (e Engine) Environ() []string {
	environ := []string{
		PathVariable + "=" + e.Path,
		// Asking for the newest release would leave the machine.
		"CHECKPOINT_DISABLE=1",
		// The developer's own configuration, with its overrides and mirrors, is none of the tests' business; and where
		// the file that this names is missing, OpenTofu puts a warning in front of its JSON.
		"TF_CLI_CONFIG_FILE=" + os.DevNull,
	}
	if e.Name == OpenTofu {
		// Without these two terraform-plugin-testing writes addresses of Terraform's host, which OpenTofu does not
		// take for the provider under test.
		environ = append(environ,
			"TF_ACC_PROVIDER_HOST="+e.Host(),
			"TF_ACC_PROVIDER_NAMESPACE=hashicorp",
		)
	}
	return environ
}

// Setenv puts Environ into the environment of this process. It is meant for TestMain, before any test runs.
func (e Engine) Setenv() error {
	for _, pair := range e.Environ() {
		key, value, _ := strings.Cut(pair, "=")
		if err := os.Setenv(key, value); err != nil {
			return fmt.Errorf("setting up the environment for %s: %w", e.Name, err)
		}
	}
	return nil
}

// String tells a reader which engine it is.
func (e Engine) String() string {
	return fmt.Sprintf("%s %s (%s)", e.Name, e.Version, e.Path)
}

// banner is the first line of `version`. It is asked for in its human form, because the JSON form has the same key,
// terraform_version, in both engines and so does not tell which of them is speaking.
var banner = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// inspect starts the program at path and learns what it is.
func inspect(ctx context.Context, path string) (Engine, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Engine{}, fmt.Errorf("finding the engine %s: %w", path, err)
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Dir = filepath.Dir(path) // a version manager must not be steered by the folder the tests stand in
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_ARGS=", "TF_CLI_ARGS_version=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		return Engine{}, fmt.Errorf("running %s version: %w%s", path, err, detail(stderr.Bytes()))
	}
	found := banner.FindSubmatch(stdout)
	if found == nil {
		return Engine{}, fmt.Errorf("running %s version: %w%s", path, errNotAnEngine, detail(stdout))
	}
	name := Terraform
	if string(found[1]) == "OpenTofu" {
		name = OpenTofu
	}
	return Engine{Path: path, Name: name, Version: string(found[2])}, nil
}

var errNotAnEngine = errors.New("it is neither Terraform nor OpenTofu")

// detail is the end of what a program said, for an error message.
func detail(output []byte) string {
	const enough = 2000
	output = bytes.TrimSpace(output)
	if len(output) == 0 {
		return ""
	}
	if len(output) > enough {
		output = output[len(output)-enough:]
	}
	return "\n" + string(output)
}
