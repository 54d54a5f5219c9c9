// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"os"
	"strings"
	"testing"
)

// The guide promises what becomes of each fault; this keeps it from forgetting one that is tested.
func TestTheGuideNamesEveryFault(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/shared-machines.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range passingFaults {
		if !strings.Contains(string(guide), name) {
			t.Errorf("the guide says nothing of %q", name)
		}
	}
}

// The guide has a row for each way, and one for each of Entra's codes that have a next step.
func TestTheGuideNamesEveryWayToLogIn(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/authentication.md")
	if err != nil {
		t.Fatal(err)
	}
	text, at := string(guide), 0
	for _, w := range ways {
		row := strings.Index(text, " | "+w.name+" | ")
		if row < at {
			t.Errorf("the guide has no row for %s after the way before it", w.name)
			continue
		}
		at = row
		line, _, _ := strings.Cut(text[row:], "\n")
		if w.on.name != "" && !strings.Contains(line, "`"+w.on.name+"`") {
			t.Errorf("the row of %s lacks %s", w.name, w.on.name)
		}
	}
	for code := range loginSteps {
		if !strings.Contains(text, "| `"+code+"` |") {
			t.Errorf("the guide says nothing of %s", code)
		}
	}
}

// Whoever reads of an argument in an error finds it in the guide.
func TestTheGuideNamesEveryArgumentToLogInWith(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/authentication.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []argument{clientIDFile, msiObjectID, msiResourceID, auxiliaryTenantIDs, certificatePassword, metadataHost} {
		if !strings.Contains(string(guide), "`"+a.name+"`") {
			t.Errorf("the guide says nothing of %s", a.name)
		}
	}
	for _, w := range ways {
		for _, n := range w.needs {
			for _, a := range n {
				if !strings.Contains(string(guide), "`"+a.name+"`") {
					t.Errorf("the guide says nothing of %s", a.name)
				}
			}
		}
	}
}
