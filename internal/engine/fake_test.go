// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package engine

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets this test binary stand in for an engine: started under an engine's name, it says the name of the folder that
// it lies in, such as "Terraform v1.9.8", and fails in a folder called "broken".
func TestMain(m *testing.M) {
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case Terraform, OpenTofu:
		says := filepath.Base(filepath.Dir(os.Args[0]))
		if says == "broken" {
			fmt.Fprintln(os.Stderr, "no version is set")
			os.Exit(3)
		}
		fmt.Printf("%s\non some platform\n", says)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakeEngine makes a program of that name in a folder of its own and returns its path.
func fakeEngine(t *testing.T, name, says string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), says, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Link(self, path) == nil {
		return path
	}
	binary, err := os.ReadFile(self) // another file system: no link
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// tofuSource is the whole of a fake OpenTofu. Like the real one, it calls itself a development version unless it is linked
// with the flags of a release.
const tofuSource = `package main

import (
	"fmt"

	"github.com/opentofu/opentofu/version"
)

func main() { fmt.Println("OpenTofu v1.98.7" + version.Suffix()) }
`

const versionSource = `package version

var dev = "yes"

func Suffix() string {
	if dev == "no" {
		return ""
	}
	return "-dev"
}
`

const toolsMod = `module example.com/tools

go 1.26.0

require (
	github.com/opentofu/opentofu v1.98.7 // indirect
)

replace github.com/opentofu/opentofu => ./standin
`

// fakeRepository is a clone of the provider whose tools/opentofu builds the given program. It returns a folder deep in it.
func fakeRepository(t *testing.T, program string) (start, root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                                    "module github.com/azuremi/terraform-provider-azuremi\n\ngo 1.26.0\n",
		"tools/opentofu/go.mod":                     toolsMod,
		"tools/opentofu/standin/go.mod":             "module github.com/opentofu/opentofu\n\ngo 1.26.0\n",
		"tools/opentofu/standin/version/version.go": versionSource,
		"tools/opentofu/standin/cmd/tofu/main.go":   program,
		// A module between the start and the root, as the tools have, is not the root.
		"internal/other/go.mod": "module github.com/azuremi/terraform-provider-azuremi/other\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(root, "internal", "other"), root
}

// searchIn is a search with an environment of its own.
func searchIn(start string, progress io.Writer, environ map[string]string) search {
	return search{getenv: func(key string) string { return environ[key] }, start: start, progress: progress, every: time.Millisecond}
}

// transcript is what a search told, and lets a test wait for a line of it.
type transcript struct {
	mu    sync.Mutex
	text  bytes.Buffer
	await string
	heard chan struct{}
}

func listenFor(await string) *transcript {
	return &transcript{await: await, heard: make(chan struct{})}
}

func (r *transcript) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.await != "" && bytes.Contains(line, []byte(r.await)) {
		r.await = ""
		close(r.heard)
	}
	return r.text.Write(line)
}

func (r *transcript) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
