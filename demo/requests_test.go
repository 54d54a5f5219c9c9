// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import "testing"

const (
	subscription = "/subscriptions/22222222-2222-4222-8222-222222222222"
	group        = subscription + "/resourceGroups/DevTest"
	identity     = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	machine      = group + "/providers/Microsoft.Compute/virtualMachines/vm-linux"
)

func TestRequestsAreToldApartByWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, path, want string }{
		{"arm", subscription, "Microsoft.Resources/subscriptions"},
		{"arm", group, "Microsoft.Resources/resourceGroups"},
		{"arm", subscription + "/resourcegroups/DevTest/", "Microsoft.Resources/resourceGroups"},
		{"arm", identity, "Microsoft.ManagedIdentity/userAssignedIdentities"},
		{"arm", machine, "Microsoft.Compute/virtualMachines"},
		{"arm", machine + "/providers/Microsoft.ManagedIdentity/identities/default", "Microsoft.ManagedIdentity/identities"},
		{"arm", group + "/providers/Microsoft.Authorization/roleAssignments/11111111-1111-4111-8111-111111111111", "Microsoft.Authorization/roleAssignments"},
		{"arm", group + "/providers/Microsoft.Authorization/roleDefinitions", "Microsoft.Authorization/roleDefinitions"},
		{"arm", identity + "/federatedIdentityCredentials/github", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"},
		{"arm", subscription + "/providers/Microsoft.Compute/locations/westus/operations/1", "polls of Microsoft.Compute operations"},
		{"entra", "/tenant/oauth2/v2.0/token", "Microsoft Entra: token"},
		{"entra", "/tenant/v2.0/.well-known/openid-configuration", "Microsoft Entra: discovery"},
		{"imds", "/metadata/identity/oauth2/token", "instance metadata: token"},
		{"imds", "/metadata/instance", "instance metadata: machine"},
		{"metadata", "/metadata/endpoints", "metadata of the cloud"},
	} {
		if got := subject(request{Kind: c.kind, Path: c.path}); got != c.want {
			t.Errorf("%s %s is for %q, want %q", c.kind, c.path, got, c.want)
		}
	}
}

func TestTableCountsByKindAndMethod(t *testing.T) {
	t.Parallel()
	got := table([]request{
		{Kind: "imds", Method: "GET", Path: "/metadata/identity/oauth2/token"},
		{Kind: "entra", Method: "POST", Path: "/tenant/oauth2/v2.0/token"},
		{Kind: "arm", Method: "GET", Path: identity},
		{Kind: "arm", Method: "PUT", Path: identity},
		{Kind: "arm", Method: "GET", Path: identity},
		{Kind: "arm", Method: "DELETE", Path: identity},
		{Kind: "arm", Method: "PATCH", Path: machine},
	})
	const want = "" +
		"                                                         GET     PUT   PATCH    POST  DELETE\n" +
		"  Microsoft.Compute/virtualMachines                                        1\n" +
		"  Microsoft.ManagedIdentity/userAssignedIdentities         2       1                       1\n" +
		"  Microsoft Entra: token                                                           1\n" +
		"  instance metadata: token                                 1\n"
	if got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
}

func TestOnlyTheReadersOwnRequestProvesTheRead(t *testing.T) {
	t.Parallel()
	const principal = "aaaaaaaa-0000-4000-8000-000000000001"
	proof := request{Kind: "arm", Method: "GET", Path: group, Status: 200, Caller: principal}
	if !wasRead([]request{proof}, group, principal) {
		t.Error("the request is no proof")
	}
	for name, change := range map[string]func(*request){
		"another caller":    func(r *request) { r.Caller = "aaaaaaaa-0000-4000-8000-000000000002" },
		"a refused request": func(r *request) { r.Status = 403 },
		"another resource":  func(r *request) { r.Path = machine },
		"a write":           func(r *request) { r.Method = "PUT" },
		"no caller":         func(r *request) { r.Caller = "" },
	} {
		other := proof
		change(&other)
		if wasRead([]request{other}, group, principal) {
			t.Errorf("%s is taken for a proof", name)
		}
	}
}
