// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"testing"
	"time"
)

// largeSeed is a world with so many machines, five times as many identities, a group for every hundred machines, and fifty
// times as many role assignments, most of them on machines and some on groups.
func largeSeed(machines int) Seed {
	seed := DefaultSeed()
	const groupSize = 100
	roles := []string{"Reader", "Contributor", "Virtual Machine Contributor", "Managed Identity Operator", "Network Contributor"}
	for i := range machines {
		group := fmt.Sprintf("group-%03d", i/groupSize)
		if i%groupSize == 0 {
			seed.ResourceGroups = append(seed.ResourceGroups, SeedResourceGroup{Name: group, Location: "westus"})
		}
		path := testSubscription + "/resourceGroups/" + group
		var attached []string
		for j := range 5 {
			name := fmt.Sprintf("id-%05d-%d", i, j)
			seed.Identities = append(seed.Identities, SeedIdentity{ResourceGroup: group, Name: name})
			id := path + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
			attached = append(attached, id)
			machine := func(i int) string {
				return fmt.Sprintf("%s/resourceGroups/group-%03d/providers/Microsoft.Compute/virtualMachines/vm-%05d", testSubscription, i/groupSize, i)
			}
			for k, role := range roles {
				other := machine((i + 1 + 7*j) % machines)
				if k == 0 {
					other = path
				}
				seed.RoleAssignments = append(seed.RoleAssignments,
					SeedRoleAssignment{Role: role, Principal: id, Scope: machine(i)}, SeedRoleAssignment{Role: role, Principal: id, Scope: other})
			}
		}
		seed.VirtualMachines = append(seed.VirtualMachines, SeedMachine{
			ResourceGroup: group, Name: fmt.Sprintf("vm-%05d", i), SystemAssigned: true, UserAssignedIdentities: attached,
		})
	}
	return seed
}

// largeWorldReads are requests of an ordinary day. What they cost must not depend on how much else there is.
var largeWorldReads = []struct{ name, path string }{
	{"a machine", testSubscription + "/resourceGroups/group-000/providers/Microsoft.Compute/virtualMachines/vm-00007"},
	{"an identity", testSubscription + "/resourceGroups/group-000/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-00007-3"},
	{"a resource group", testSubscription + "/resourceGroups/group-000"},
	{"the assignments at a machine", testSubscription + "/resourceGroups/group-000/providers/Microsoft.Compute/virtualMachines/vm-00007" +
		"/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"},
	{"the assignments in a machine's group of one principal", testSubscription + "/resourceGroups/group-000/providers/Microsoft.Authorization/roleAssignments" +
		"?$filter=principalId%20eq%20'" + nobodysID + "'"},
}

const nobodysID = "00000000-0000-4000-8000-000000000000" // Of nobody: the filter goes through all the same.

// A largeWorldReader reads one path over and over, with as little of its own as possible.
type largeWorldReader struct {
	transport http.RoundTripper
	token     string
}

func (r largeWorldReader) read(tb testing.TB, target string) {
	tb.Helper()
	u, err := url.Parse(inProcessURL + target)
	if err != nil {
		tb.Fatal(err)
	}
	query := u.Query()
	query.Set("api-version", versionFor(u.Path))
	u.RawQuery = query.Encode()
	response, err := r.transport.RoundTrip(&http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{"Authorization": {"Bearer " + r.token}}, Body: http.NoBody,
	})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		tb.Fatalf("%s: %d %s %v", target, response.StatusCode, body, err)
	}
}

func newLargeWorld(tb testing.TB, machines int) largeWorldReader {
	tb.Helper()
	world, err := NewWorld(largeSeed(machines), &Clock{})
	if err != nil {
		tb.Fatal(err)
	}
	server := NewServer(world)
	world.mu.Lock()
	defer world.mu.Unlock()
	token, err := world.issue(world.principals[DefaultOperatorID], "https://management.azure.com", 24*time.Hour, bySecret, "")
	if err != nil {
		tb.Fatal(err)
	}
	return largeWorldReader{server.Transport(), token}
}

// Allocations stand for work, since they are the same on every machine.
func TestReadsCostTheSameInALargeWorld(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of the whole process.
	small, large := newLargeWorld(t, 100), newLargeWorld(t, 1000)
	for _, read := range largeWorldReads {
		in := func(r largeWorldReader) float64 {
			r.read(t, read.path) // The first read puts the index in order.
			return testing.AllocsPerRun(5, func() { r.read(t, read.path) })
		}
		if few, many := in(small), in(large); many > 1.5*few+50 {
			t.Errorf("reading %s takes %.0f allocations among 100 machines and %.0f among 1000", read.name, few, many)
		}
	}
}

// BenchmarkLargeWorld reads in a world of 2,000 machines, 10,000 identities and 100,000 role assignments.
func BenchmarkLargeWorld(b *testing.B) {
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	r := newLargeWorld(b, 2000)
	megabytes := float64(heap()-before) / (1 << 20)
	reads := append(slices.Clip(largeWorldReads), []struct{ name, path string }{
		{"the identities of a group", testSubscription + "/resourceGroups/group-000/providers/Microsoft.ManagedIdentity/userAssignedIdentities"},
		{"the machines of a group", testSubscription + "/resourceGroups/group-000/providers/Microsoft.Compute/virtualMachines"},
		{"the assignments in a group", testSubscription + "/resourceGroups/group-000/providers/Microsoft.Authorization/roleAssignments"},
		{"a page of the identities of the subscription", testSubscription + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"},
		{"a page of the assignments in the subscription", testSubscription + "/providers/Microsoft.Authorization/roleAssignments"},
	}...)
	for _, read := range reads {
		b.Run(read.name, func(b *testing.B) {
			for b.Loop() {
				r.read(b, read.path)
			}
			b.ReportMetric(megabytes, "MB-of-world")
		})
	}
}
