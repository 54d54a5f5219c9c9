// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import "testing"

// The tutorials show the answer of their last request so, a member a line.
const shown = `{
"id":"/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/DevTest",
"name":"DevTest",
"location":"westus",
"properties":{"provisioningState":"Succeeded"}
}`

func TestResourceGroupIsShownAsTheTutorialsShowIt(t *testing.T) {
	t.Parallel()
	got := resourceGroup{ID: group, Name: "DevTest", Location: "westus", Properties: groupProperties{"Succeeded"}}.String()
	if got != shown {
		t.Errorf("it is shown as\n%s\nwant\n%s", got, shown)
	}
}
