// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
)

const readerRoleID = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"

// A grant is one role assignment that comes and goes. One actor alone writes it, one write at a time, and every version of
// it has a description of its own.
type grant struct {
	id        armid.ID
	principal string

	mu     sync.Mutex
	events []grantEvent
}

// A grantEvent is a write. It took effect at some tick between its two.
type grantEvent struct {
	began, ended int64
	there        bool
}

func (g *grant) properties(version int) armauthorization.RoleAssignmentProperties {
	return armauthorization.RoleAssignmentProperties{
		PrincipalID: &g.principal, RoleDefinitionID: new(readerRoleID), Description: new(strconv.Itoa(version)),
	}
}

// A scene is Azure with all who are at work in it.
type scene struct {
	t      *testing.T
	client *Client
	others *operator.Operator
	ticks  atomic.Int64
}

// write gives the grant its next version, or takes it away, by our client or behind its back.
func (s *scene) write(g *grant, ours, there bool) {
	g.mu.Lock()
	version, before := len(g.events), g.events[len(g.events)-1].there
	g.events = append(g.events, grantEvent{began: s.ticks.Add(1), ended: forever, there: there})
	g.mu.Unlock()
	var err error
	switch {
	case ours && there && before:
		_, err = s.client.UpdateRoleAssignment(s.t.Context(), g.id, g.properties(version))
	case ours && there:
		_, _, err = s.client.CreateRoleAssignment(s.t.Context(), g.id, g.properties(version))
	case ours:
		err = s.client.DeleteRoleAssignment(s.t.Context(), g.id, "")
	case there:
		_, err = s.others.Do(s.t.Context(), http.MethodPut, g.id.String(), fmt.Sprintf(
			`{"properties":{"principalId":%q,"principalType":"ServicePrincipal","roleDefinitionId":%q,"description":"%d"}}`, g.principal, readerRoleID, version))
	default:
		_, err = s.others.Do(s.t.Context(), http.MethodDelete, g.id.String(), "")
	}
	if err != nil {
		s.t.Errorf("writing version %d of %s: %v", version, g.id, err)
	}
	g.mu.Lock()
	g.events[version].ended = s.ticks.Add(1)
	g.mu.Unlock()
}

// forever is the end of what has not ended.
const forever = int64(1) << 62

// read reads a grant and judges what it gets: what is served must have been made, and, of what we write ourselves, be no
// older than our last write that was over; what is said to be gone must have been gone at some time while it was read.
func (s *scene) read(g *grant, ours bool) {
	began := s.ticks.Add(1)
	oldest := 0
	if ours {
		g.mu.Lock()
		for i, e := range g.events {
			if e.ended < began {
				oldest = i
			}
		}
		g.mu.Unlock()
	}
	a, err := s.client.RoleAssignment(s.t.Context(), g.id, "")
	ended := s.ticks.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case IsNotFound(err):
		if !slices.ContainsFunc(g.absences(), func(e grantEvent) bool { return e.began <= ended && e.ended >= began }) {
			s.t.Errorf("%s is said to be gone in ticks %d to %d: %+v", g.id, began, ended, g.events)
		}
	case err != nil:
		s.t.Errorf("reading %s: %v", g.id, err)
	default:
		version, convErr := strconv.Atoi(value(a.Properties.Description))
		if convErr != nil || version < oldest || version >= len(g.events) || !g.events[version].there {
			s.t.Errorf("%s was read in version %q, after version %d had been written: %+v", g.id, value(a.Properties.Description), oldest, g.events)
		}
	}
}

// absences are the times at which the grant may not have been there: from the beginning of a deletion to the end of the
// creation that follows. The caller holds the lock.
func (g *grant) absences() []grantEvent {
	var gone []grantEvent
	for i, e := range g.events {
		if e.there {
			continue
		}
		until := forever
		if i+1 < len(g.events) {
			until = g.events[i+1].ended
		}
		gone = append(gone, grantEvent{began: e.began, ended: until})
	}
	return gone
}

// TestRoleAssignmentsAreNeverLostOrInvented reads, makes, changes and deletes role assignments at random while others do the
// same, in an Azure whose lists lag, come in pages between which things change, fail, or are not allowed.
func TestRoleAssignmentsAreNeverLostOrInvented(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { comeAndGo(t, seed) })
		})
	}
}

func comeAndGo(t *testing.T, seed uint64) {
	t.Helper()
	const groups, principals, actors = 4, 6, 3
	server, cfg := newMock(t, withStormy, func(s *mockarm.Seed) {
		for g := range groups {
			s.ResourceGroups = append(s.ResourceGroups, mockarm.SeedResourceGroup{Name: fmt.Sprint("group-", g), Location: "westus"})
		}
	})
	random := rand.New(rand.NewPCG(seed, seed))
	lag := time.Duration(random.IntN(60)) * time.Second
	server.World().Configure(func(s *mockarm.Settings) { s.RoleAssignmentListLag, s.PageSize = lag, 1+random.IntN(20) })
	if err := server.Inject(listFaults(random, seed)...); err != nil {
		t.Fatal(err)
	}
	cfg.Credential = CredentialOptions{ClientID: stormyAppID, ClientSecret: stormySecret}
	others, err := operator.New(server)
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, client: newClient(t, cfg), others: others}
	grants := make([][]*grant, 2*actors) // by who writes them: the first half are ours
	for g := range groups {
		for i := range principals {
			one := &grant{principal: fmt.Sprintf("%08d-%04d-4000-8000-000000000000", g, i), events: []grantEvent{{}}}
			scope := armid.ResourceGroup(mockarm.DefaultSubscriptionID, fmt.Sprint("group-", g))
			one.id = armid.RoleAssignment(scope, RoleAssignmentName(mockarm.DefaultTenantID, scope, one.principal, readerRoleID))
			grants[i] = append(grants[i], one)
			if random.IntN(2) == 0 {
				s.write(one, false, true)
			}
		}
	}
	<-time.After(lag) // or the lists would begin empty
	var all sync.WaitGroup
	for actor := range 2 * actors {
		own := rand.New(rand.NewPCG(seed, uint64(actor)))
		ours := actor < actors
		all.Go(func() {
			for range 25 {
				<-time.After(time.Duration(own.IntN(3000)) * time.Millisecond)
				if mine := grants[actor][own.IntN(groups)]; own.IntN(3) == 0 {
					s.write(mine, ours, own.IntN(3) > 0)
				}
				whose := own.IntN(2 * actors)
				s.read(grants[whose][own.IntN(groups)], whose < actors)
			}
		})
	}
	all.Wait()
	server.ClearFaults()
	<-time.After(lag)
	// Another process, which begins now, sees all that is there and nothing else.
	s.client = newClient(t, cfg)
	for _, one := range slices.Concat(grants...) {
		_, err := s.client.RoleAssignment(t.Context(), one.id, "")
		there := slices.ContainsFunc(server.World().State().RoleAssignments, func(a mockarm.RoleAssignmentState) bool {
			return strings.EqualFold(a.ID, one.id.String())
		})
		if there == IsNotFound(err) || !there && err == nil {
			t.Errorf("%s is there: %t; read: %v", one.id, there, err)
		}
	}
}

// listFaults are what goes wrong with our lists and reads.
func listFaults(random *rand.Rand, seed uint64) []mockarm.Fault {
	const lists, items = "**/Microsoft.Authorization/roleAssignments", "**/Microsoft.Authorization/roleAssignments/*"
	often := func(f mockarm.Fault, probability float64) mockarm.Fault {
		f.Method, f.Probability, f.Seed, f.Caller = http.MethodGet, probability, seed, stormyID
		return f
	}
	faults := []mockarm.Fault{
		often(mockarm.Fault{Path: lists, Status: http.StatusServiceUnavailable}, 0.2),
		often(mockarm.Fault{Path: lists, Truncate: true}, 0.1),
		often(mockarm.Fault{Path: lists, AnswerDelay: 5 * time.Second}, 0.5),
		often(mockarm.Fault{Path: items, Reset: mockarm.ResetAfter}, 0.05),
		often(mockarm.Fault{Path: items, AnswerDelay: 3 * time.Second}, 0.3),
	}
	if random.IntN(4) == 0 { // no right to list
		faults = append([]mockarm.Fault{often(mockarm.Fault{Path: lists, Status: http.StatusForbidden, Code: "AuthorizationFailed"}, 1)}, faults...)
	}
	return faults
}
