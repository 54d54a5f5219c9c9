// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// Find returns the engine that TF_ACC_TERRAFORM_PATH names; else terraform, else tofu on PATH; else OpenTofu as built from
// source into .cache at the root of the repository. An engine that was named but does not work is an error; one on PATH that
// does not work (a version manager with nothing installed, say) is passed over with a word on progress.
func Find(ctx context.Context, progress io.Writer) (Engine, error) {
	return search{getenv: os.Getenv, start: ".", progress: progress, every: 30 * time.Second}.find(ctx)
}

// search is one search: where to look, and whom to tell.
type search struct {
	getenv   func(string) string
	start    string // a folder of the repository
	progress io.Writer
	every    time.Duration // how often a long build says that it is alive
}

func (s search) find(ctx context.Context) (Engine, error) {
	if path := s.getenv(PathVariable); path != "" {
		found, err := inspect(ctx, path)
		if err != nil {
			return Engine{}, fmt.Errorf("using the engine that %s names: %w", PathVariable, err)
		}
		return found, nil
	}
	for _, name := range []string{Terraform, OpenTofu} {
		path, ok := s.lookPath(name)
		if !ok {
			continue
		}
		found, err := inspect(ctx, path)
		if err == nil {
			return found, nil
		}
		if ctx.Err() != nil {
			return Engine{}, err
		}
		s.say("passing over %s: %v", path, err)
	}
	root, err := repositoryRoot(s.start)
	if err != nil {
		return Engine{}, err
	}
	return s.built(ctx, root)
}

// lookPath finds a program on the PATH of this search. Relative entries are left out: they would mean something else in every
// folder.
func (s search) lookPath(name string) (string, bool) {
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, true
		}
	}
	return "", false
}

func (s search) say(format string, args ...any) {
	// A lost line of progress is no reason to fail.
	_, _ = fmt.Fprintf(s.progress, format+"\n", args...)
}

var moduleLine = regexp.MustCompile(`(?m)^module github\.com/azuremi/terraform-provider-azuremi\r?$`)

// repositoryRoot walks up from a folder to that of the provider's own module.
func repositoryRoot(start string) (string, error) {
	dir, err := filepath.Abs(start)
	if err != nil {
		return "", fmt.Errorf("finding the root of the repository: %w", err)
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && moduleLine.Match(mod):
			return dir, nil
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("finding the root of the repository: %w", err)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("finding the root of the repository: no go.mod of the provider above %s", start)
		}
		dir = parent
	}
}
