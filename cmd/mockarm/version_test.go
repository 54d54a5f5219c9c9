// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The release builds with flags that the linker takes without a word when they name a variable that there is not.
func TestTheReleaseKnowsItsVersion(t *testing.T) {
	t.Parallel()
	configuration, err := os.ReadFile("../../.goreleaser.mockarm.yml")
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`(?m)^ +ldflags:\n +- (.*)$`).FindSubmatch(configuration)
	if flags == nil {
		t.Fatal("the release has no flags for the linker")
	}
	program := filepath.Join(t.TempDir(), "mockarm.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", strings.ReplaceAll(string(flags[1]), "{{ .Version }}", "1.2.3"), "-o", program, ".")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	output, err := exec.CommandContext(t.Context(), program, "version").Output()
	if err != nil || string(output) != "mockarm 1.2.3\n" {
		t.Errorf("%q, %v", output, err)
	}
}

func TestOtherBuildsSayWhatTheyKnow(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--version"}, &stdout, &stderr)
	if code != 0 || !regexp.MustCompile(`^mockarm (dev|\d+\.\d+\.\d+\S*)\n$`).MatchString(stdout.String()) || stderr.Len() > 0 {
		t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
	}
}
