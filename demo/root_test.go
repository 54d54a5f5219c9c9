// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyTheConfigurationIsCopied(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	for _, name := range []string{"main.tf", "terraform.tfstate", "my.auto.tfvars", ".terraform.lock.hcl"} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyConfiguration(to, from); err != nil {
		t.Fatal(err)
	}
	copied, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil || len(copied) != 1 || filepath.Base(copied[0]) != "main.tf" {
		t.Errorf("there are %v, %v", copied, err)
	}
	if err := copyConfiguration(to, t.TempDir()); err == nil || !strings.Contains(err.Error(), "make demo") {
		t.Errorf("from an empty folder: %v", err)
	}
}

func TestAFailureSaysWhatFailedAndWhatTheEngineSaid(t *testing.T) {
	t.Parallel()
	r := &root{name: "grant/", stdout: bytes.NewBufferString("of the command before")}
	cause := errors.New("exit status 1")
	err := r.run("applying", func() error {
		r.stdout.WriteString("\nmachine: Creating...\n")
		return cause
	})
	if !errors.Is(err, cause) || err.Error() != "applying grant/: exit status 1\nmachine: Creating..." {
		t.Errorf("the error is %q", err)
	}
	if err := r.run("planning", func() error { return nil }); err != nil {
		t.Error(err)
	}
}
