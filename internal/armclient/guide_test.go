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
