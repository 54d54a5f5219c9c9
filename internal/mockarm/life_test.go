// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// A life is what happens to a world when somebody works in it at random, but always the same under the same seed: objects of
// all kinds come, change and go, time passes, and operations are under way at any moment.
type life struct {
	*session
	random *rand.Rand
}

func (a *azure) life(t *testing.T, seed uint64) life {
	t.Helper()
	return life{a.operator(t), rand.New(rand.NewPCG(seed, 0))}
}

func (l life) one(choices ...string) string { return choices[l.random.IntN(len(choices))] }

func (l life) group() string {
	return testSubscription + "/resourceGroups/" + l.one("DevTest", "team-a", "team-b")
}

func (l life) identity() string {
	return l.group() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + l.one("reader", "writer", "deployer", "guest")
}

func (l life) host() string {
	return l.group() + "/providers/Microsoft.Compute/" + l.one("virtualMachines/vm-linux", "virtualMachines/vm-2", "virtualMachineScaleSets/vmss")
}

// event does something. Most of what it does succeeds; a refusal is a part of life, and a server error is none.
func (l life) event() {
	l.t.Helper()
	guid := fmt.Sprintf("00000000-0000-4000-8000-%012d", l.random.IntN(8))
	requests := map[string]func() (method, path, body string){
		"a group": func() (string, string, string) {
			return http.MethodPut, l.group(), `{"location":"westus","tags":{"n":"` + guid + `"}}`
		},
		"no group":      func() (string, string, string) { return http.MethodDelete, l.group(), "" },
		"an identity":   func() (string, string, string) { return http.MethodPut, l.identity(), `{"location":"westus"}` },
		"no identity":   func() (string, string, string) { return http.MethodDelete, l.identity(), "" },
		"a host":        l.putHost,
		"no host":       func() (string, string, string) { return http.MethodDelete, l.host(), "" },
		"an attachment": l.attachment,
		"an upgrade": func() (string, string, string) {
			return http.MethodPost, l.group() + "/providers/Microsoft.Compute/virtualMachineScaleSets/vmss/manualupgrade", `{"instanceIds":["*"]}`
		},
		"a credential": func() (string, string, string) {
			return http.MethodPut, l.identity() + "/federatedIdentityCredentials/" + l.one("main", "dev"),
				`{"properties":{"issuer":"https://issuer.example","subject":"` + l.one("a", "b") + `","audiences":["api://AzureADTokenExchange"]}}`
		},
		"no credential": func() (string, string, string) {
			return http.MethodDelete, l.identity() + "/federatedIdentityCredentials/" + l.one("main", "dev"), ""
		},
		"a grant":  func() (string, string, string) { return l.grantTo(http.MethodPut, guid) },
		"no grant": func() (string, string, string) { return l.grantTo(http.MethodDelete, guid) },
		"a role": func() (string, string, string) {
			return http.MethodPut, testSubscription + "/providers/Microsoft.Authorization/roleDefinitions/" + guid,
				`{"properties":{"roleName":"role ` + guid + `","assignableScopes":["` + testSubscription + `"],"permissions":[{"actions":["*/read"]}]}}`
		},
		"no role": func() (string, string, string) {
			return http.MethodDelete, testSubscription + "/providers/Microsoft.Authorization/roleDefinitions/" + guid, ""
		},
		"a lock": func() (string, string, string) {
			return http.MethodPut, l.group() + "/providers/Microsoft.Authorization/locks/keep", `{"properties":{"level":"CanNotDelete"}}`
		},
		"no lock": func() (string, string, string) {
			return http.MethodDelete, l.group() + "/providers/Microsoft.Authorization/locks/keep", ""
		},
	}
	names := slices.Sorted(maps.Keys(requests))
	// What takes away comes less often than what adds.
	name := names[l.random.IntN(len(names))]
	if strings.HasPrefix(name, "no ") && l.random.IntN(3) > 0 {
		name = names[l.random.IntN(len(names))]
	}
	method, path, body := requests[name]()
	if answer := l.do(method, path, body); answer.status >= http.StatusInternalServerError {
		l.t.Fatalf("%s %s %s: %d %s", method, path, body, answer.status, answer.text)
	}
	l.azure.clock.Advance(time.Duration(l.random.IntN(900)) * time.Millisecond)
}

func (l life) putHost() (method, path, body string) {
	host := l.host()
	if strings.HasSuffix(host, "vmss") {
		return http.MethodPut, host, fmt.Sprintf(`{"location":"westus","sku":{"name":"Standard_B1s","capacity":%d},"identity":{"type":"SystemAssigned"},
			"properties":{"orchestrationMode":"Uniform","upgradePolicy":{"mode":"%s"},"virtualMachineProfile":{"storageProfile":{"osDisk":{"osType":"Linux"}}}}}`,
			l.random.IntN(4), l.one("Manual", "Rolling", "Automatic"))
	}
	return http.MethodPut, host, `{"location":"westus","zones":["1"],"identity":{"type":"` + l.one("None", "SystemAssigned") + `"},"properties":{"hardwareProfile":{"vmSize":"Standard_B1s"}}}`
}

func (l life) attachment() (method, path, body string) {
	value, kind := l.one("{}", "{}", "null"), l.one("UserAssigned", "SystemAssigned, UserAssigned")
	return http.MethodPatch, l.host(), `{"identity":{"type":"` + kind + `","userAssignedIdentities":{"` + l.identity() + `":` + value + `}}}`
}

// grantTo is about a role for one of the identities that there are.
func (l life) grantTo(method, name string) (_, path, body string) {
	path = l.one(testSubscription, l.group(), l.host()) + "/providers/Microsoft.Authorization/roleAssignments/" + name
	if method == http.MethodDelete {
		return method, path, ""
	}
	state := l.azure.world.State()
	principal := DefaultOperatorID
	if n := len(state.Identities); n > 0 {
		principal = state.Identities[l.random.IntN(n)].PrincipalID
	}
	role := readerRole
	if n := len(state.RoleDefinitions); n > 0 && l.random.IntN(2) == 0 {
		role = state.RoleDefinitions[l.random.IntN(n)].GUID
	}
	return method, path, assignmentBody(principal, role, "ServicePrincipal")
}
