// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
)

// A root is a copy of a root module, and its state.
type root struct {
	*engine.Workspace
	name   string
	stdout *bytes.Buffer // what the engine has written since the last command began
}

// root copies a configuration into a folder of its own. variables are the values of its variables.
func (s stage) root(source string, environment []string, variables map[string]string) (*root, error) {
	dir := filepath.Join(s.dir, source)
	if err := copyConfiguration(dir, source); err != nil {
		return nil, fmt.Errorf("copying %s: %w", source, err)
	}
	values, err := json.Marshal(variables)
	if err != nil {
		return nil, fmt.Errorf("writing the variables of %s: %w", source, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "demo.auto.tfvars.json"), values, 0o600); err != nil {
		return nil, fmt.Errorf("writing the variables of %s: %w", source, err)
	}
	workspace, err := s.engine.NewWorkspace(dir, map[string]string{"azuremi/azuremi": s.programs}, environment)
	if err != nil {
		return nil, err
	}
	r := &root{Workspace: workspace, name: filepath.Base(source) + "/", stdout: &bytes.Buffer{}}
	r.SetStdout(r.stdout)
	return r, nil
}

// copyConfiguration copies the files of a configuration, and not the state that a user may have made of it.
func copyConfiguration(to, from string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.tf"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("there is no configuration; run \"make demo\" at the root of the repository")
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (r *root) apply(ctx context.Context) error {
	return r.run("applying", func() error { return r.Apply(ctx) })
}

func (r *root) destroy(ctx context.Context) error {
	return r.run("destroying", func() error { return r.Destroy(ctx) })
}

// unchanged plans, and fails if there is anything to do.
func (r *root) unchanged(ctx context.Context) error {
	return r.run("planning", func() error {
		changes, err := r.Plan(ctx)
		if err == nil && changes {
			return errors.New("the plan is not empty")
		}
		return err
	})
}

// texts returns all outputs, which must be texts.
func (r *root) texts(ctx context.Context) (map[string]string, error) {
	values := map[string]string{}
	err := r.run("reading the outputs of", func() error {
		outputs, err := r.Output(ctx)
		if err != nil {
			return err
		}
		for name, output := range outputs {
			var text string
			if err := json.Unmarshal(output.Value, &text); err != nil {
				return fmt.Errorf("output %q: %w", name, err)
			}
			values[name] = text
		}
		return nil
	})
	return values, err
}

// outputs reads outputs into what the names point to.
func (r *root) outputs(ctx context.Context, into map[string]any) error {
	return r.run("reading the outputs of", func() error {
		outputs, err := r.Output(ctx)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(into)) {
			if err := json.Unmarshal(outputs[name].Value, into[name]); err != nil {
				return fmt.Errorf("output %q: %w", name, err)
			}
		}
		return nil
	})
}

// run runs a command of the engine. Its error has what the engine wrote: standard error comes with the engine's own.
func (r *root) run(doing string, command func() error) error {
	r.stdout.Reset()
	err := command()
	if err == nil {
		return nil
	}
	if said := strings.TrimSpace(r.stdout.String()); said != "" {
		return fmt.Errorf("%s %s: %w\n%s", doing, r.name, err, said)
	}
	return fmt.Errorf("%s %s: %w", doing, r.name, err)
}
