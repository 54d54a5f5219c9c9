// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestPathIsReadAsARMReadsIt(t *testing.T) {
	t.Parallel()
	const vm = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1"
	cases := map[string]struct {
		method, path string
		want         target
		place        place
		scope        string // where RBAC asks
	}{
		"subscriptions": {
			path:  "/subscriptions",
			want:  target{types: []string{"subscriptions"}},
			place: onCollection, scope: "/",
		},
		"a subscription": {
			path:  "/subscriptions/s/",
			want:  target{path: "/subscriptions/s", scope: "/subscriptions/s", subscription: "s", types: []string{"subscriptions"}, names: []string{"s"}},
			place: onItem, scope: "/subscriptions/s",
		},
		"resource groups": {
			path:  "/subscriptions/s/resourcegroups",
			want:  target{scope: "/subscriptions/s", subscription: "s", types: []string{"subscriptions", "resourcegroups"}, names: []string{"s"}},
			place: onCollection, scope: "/subscriptions/s",
		},
		"a resource group": {
			path: "/SUBSCRIPTIONS/s/resourcegroups/RG",
			want: target{
				scope: "/SUBSCRIPTIONS/s/resourcegroups/RG", subscription: "s", resourceGroup: "RG",
				types: []string{"SUBSCRIPTIONS", "resourcegroups"}, names: []string{"s", "RG"},
			},
			place: onItem, scope: "/SUBSCRIPTIONS/s/resourcegroups/RG",
		},
		"a resource provider": {
			path:  "/subscriptions/s/providers/Microsoft.Compute",
			want:  target{scope: "/subscriptions/s", subscription: "s", types: []string{"subscriptions", "providers"}, names: []string{"s", "Microsoft.Compute"}},
			place: onItem, scope: "/subscriptions/s/providers/Microsoft.Compute",
		},
		"the registration of a resource provider": {
			method: http.MethodPost, path: "/subscriptions/s/providers/Microsoft.Compute/Register",
			want: target{
				scope: "/subscriptions/s", subscription: "s", verb: "Register",
				types: []string{"subscriptions", "providers"}, names: []string{"s", "Microsoft.Compute"},
			},
			place: onAction, scope: "/subscriptions/s/providers/Microsoft.Compute",
		},
		"a resource": {
			path: vm,
			want: target{
				scope: "/subscriptions/s/resourceGroups/rg", subscription: "s", resourceGroup: "rg", namespace: "Microsoft.Compute",
				types: []string{"virtualMachines"}, names: []string{"vm1"},
			},
			place: onItem, scope: vm,
		},
		"an action of a resource": {
			method: http.MethodPost, path: vm + "/runCommand",
			want: target{
				scope: "/subscriptions/s/resourceGroups/rg", subscription: "s", resourceGroup: "rg", namespace: "Microsoft.Compute",
				types: []string{"virtualMachines"}, names: []string{"vm1"}, verb: "runCommand",
			},
			place: onAction, scope: vm,
		},
		"the resources of a subscription": {
			path: "/subscriptions/s/providers/Microsoft.Compute/virtualMachines",
			want: target{
				scope: "/subscriptions/s", subscription: "s", namespace: "Microsoft.Compute", types: []string{"virtualMachines"},
			},
			place: onCollection, scope: "/subscriptions/s",
		},
		"the children of a resource": {
			path: vm + "/extensions",
			want: target{
				scope: "/subscriptions/s/resourceGroups/rg", subscription: "s", resourceGroup: "rg", namespace: "Microsoft.Compute",
				types: []string{"virtualMachines", "extensions"}, names: []string{"vm1"},
			},
			place: onCollection, scope: vm,
		},
		"an extension resource, split at the last provider": {
			path: vm + "/providers/Microsoft.Authorization/roleAssignments/g",
			want: target{
				scope: vm, subscription: "s", resourceGroup: "rg", namespace: "Microsoft.Authorization",
				types: []string{"roleAssignments"}, names: []string{"g"},
			},
			place: onItem, scope: vm + "/providers/Microsoft.Authorization/roleAssignments/g",
		},
		"the tenant's extension resources, behind two slashes": {
			path:  "//providers/Microsoft.Authorization/roleAssignments",
			want:  target{path: "/providers/Microsoft.Authorization/roleAssignments", namespace: "Microsoft.Authorization", types: []string{"roleAssignments"}},
			place: onCollection, scope: "/",
		},
		"a management group as a scope": {
			path: "/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/roleAssignments/g",
			want: target{
				scope: "/providers/Microsoft.Management/managementGroups/mg", namespace: "Microsoft.Authorization",
				types: []string{"roleAssignments"}, names: []string{"g"},
			},
			place: onItem, scope: "/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/roleAssignments/g",
		},
		"an escaped name": {
			path: "/subscriptions/s/resourceGroups/r%20g",
			want: target{
				path: "/subscriptions/s/resourceGroups/r g", scope: "/subscriptions/s/resourceGroups/r g", subscription: "s",
				resourceGroup: "r g", types: []string{"subscriptions", "resourceGroups"}, names: []string{"s", "r g"},
			},
			place: onItem, scope: "/subscriptions/s/resourceGroups/r g",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.want.path == "" {
				c.want.path = c.path
			}
			if c.method == "" {
				c.method = http.MethodGet
			}
			got, known := parseTarget(c.method, c.path)
			if !known || !reflect.DeepEqual(got, c.want) {
				t.Errorf("parseTarget(%s %s) = %+v, %t\nwant %+v", c.method, c.path, got, known, c.want)
			}
			if got.place() != c.place {
				t.Errorf("place = %d, want %d", got.place(), c.place)
			}
			if scope := got.authorizationScope(); scope != c.scope {
				t.Errorf("authorizationScope = %q, want %q", scope, c.scope)
			}
		})
	}
}

func TestPathThatNamesNothingIsToldApart(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"", "/", "//", "/nonsense", "/nonsense/more", "/subscriptions/s/%zz", "/subscriptions/a%2Fb", "/subscriptions/s/resourceGroups/providers/x/y/z",
		"/nonsense/x/providers/Microsoft.Compute/virtualMachines/vm1",
		"/subscriptions/s/resourceGroups/rg/providers/a/providers/Microsoft.Compute/virtualMachines/vm1",
		"/subscriptions/providers/Microsoft.Compute/virtualMachines/vm1",
	} {
		if got, known := parseTarget(http.MethodGet, path); known {
			t.Errorf("parseTarget(%q) = %+v, want nothing", path, got)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"/", "/subscriptions/s", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm/start",
		"//providers/Microsoft.Authorization/roleAssignments/g", "/providers/", "/a%2fb", "/subscriptions//providers/providers/x/providers",
	} {
		f.Add("GET", seed)
		f.Add("POST", seed)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		got, known := parseTarget(method, path)
		if !known {
			return
		}
		if !strings.HasPrefix(got.path, "/") || strings.HasSuffix(got.path, "/") || strings.Contains(got.path, "//") {
			t.Errorf("%q: the path %q is not clean", path, got.path)
		}
		if !strings.HasPrefix(got.path, got.scope) {
			t.Errorf("%q: the scope %q is not the beginning of the path", path, got.scope)
		}
		if n := len(got.types) - len(got.names); n != 0 && n != 1 || len(got.types) == 0 {
			t.Errorf("%q: %d types and %d names", path, len(got.types), len(got.names))
		}
		scope := got.authorizationScope()
		if !strings.HasPrefix(scope, "/") || !encloses(scope, got.path) {
			t.Errorf("%q: the right is asked for at %q", path, scope)
		}
	})
}
