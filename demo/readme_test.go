// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"strings"
	"testing"
)

// What the README shows of the demonstration is what it prints, but for the durations.
func TestTheReadmeShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	first := tutorials[0]
	group := resourceGroup{
		ID: "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/DevTest", Name: "DevTest", Location: "westus",
		Properties: groupProperties{ProvisioningState: "Succeeded"},
	}
	for _, text := range []string{first.title, grantStep + first.grants, readStep, group.String()} {
		if !strings.Contains(string(readme), text) {
			t.Errorf("the README lacks\n%s", text)
		}
	}
}
