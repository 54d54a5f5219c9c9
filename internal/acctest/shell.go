// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package acctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// shellProviderVersion satisfies every constraint on the provider's version that has no upper bound.
const shellProviderVersion = "99.0.0"

// A Shell runs commands as users type them, in a folder of their own. The engine is on its PATH as terraform, and installs the
// provider from a mirror, so that all of its commands work as they do with a registry. Nothing that it runs may leave a
// secret in a file.
type Shell struct {
	// Dir is the folder that commands run in.
	Dir string
	// Env is what the environment has beside that of the process, as KEY=VALUE.
	Env []string

	t   *testing.T
	bin string
}

// NewShell copies a folder of the repository, and prepares to run commands there. seed is the file with the seed of the mock,
// as seen from there, and "" for the default one.
func NewShell(t *testing.T, source, seed string) *Shell {
	t.Helper()
	s := &Shell{Dir: t.TempDir(), t: t, bin: t.TempDir()}
	if err := os.CopyFS(s.Dir, os.DirFS(filepath.Join(Root(), source))); err != nil {
		t.Fatal(err)
	}
	s.link(filepath.Join(s.bin, "terraform"), tools.engine.Path)
	mirror := t.TempDir()
	program := "terraform-provider-azuremi"
	s.link(filepath.Join(mirror, tools.engine.Host(), "azuremi", "azuremi", shellProviderVersion, runtime.GOOS+"_"+runtime.GOARCH, program+"_v"+shellProviderVersion),
		filepath.Join(tools.programs, program))
	settings := filepath.Join(s.bin, "cli.tfrc")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Env = []string{
		"PATH=" + s.bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"TF_CLI_CONFIG_FILE=" + settings, "CHECKPOINT_DISABLE=1",
		"TF_LOG=TRACE", "TF_LOG_PATH=" + filepath.Join(s.Dir, "trace.log"),
	}
	secret := mockarm.DefaultSeed().Principals[0].Secret
	if seed != "" {
		seed = filepath.Join(s.Dir, seed)
		secret = ReadSeed(t, seed).Principals[0].Secret
	}
	t.Cleanup(func() { searchForSecrets(t, s.Dir, []string{secret}, seed, s.State()) })
	return s
}

// ReadSeed reads the seed of a mock Azure.
func ReadSeed(t *testing.T, path string) mockarm.Seed {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // It was read only.
	seed, err := mockarm.ReadSeed(file)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// State is the file to keep the world of a mock in, which holds its secrets.
func (s *Shell) State() string { return filepath.Join(s.Dir, "world.json") }

// AddMock puts mockarm on the PATH.
func (s *Shell) AddMock() { s.link(filepath.Join(s.bin, "mockarm"), Mock()) }

// Mock is the mock as a program.
func Mock() string { return filepath.Join(tools.programs, "mockarm") }

// AddScript puts a script for sh on the PATH.
func (s *Shell) AddScript(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.bin, name), []byte("#!/bin/sh\nset -e\n"+text), 0o700); err != nil {
		s.t.Fatal(err)
	}
}

// color is what an engine paints its words with, also where nobody sees it.
var color = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Run runs a script and returns what it writes, without colors. The error is that of its exit code.
func (s *Shell) Run(script string) (string, error) {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), "bash", "-e", "-o", "pipefail", "-c", script)
	command.Dir, command.Env = s.Dir, append(os.Environ(), s.Env...)
	written, err := command.CombinedOutput()
	output := color.ReplaceAllString(string(written), "")
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.TrimSpace(script), err, output)
	}
	return output, err
}

func (s *Shell) link(name, target string) {
	s.t.Helper()
	target, err := filepath.Abs(target)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o700)
	}
	if err == nil {
		err = os.Symlink(target, name)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
