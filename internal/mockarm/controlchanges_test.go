// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// numbersAfter asks for the requests behind a number. It returns their numbers, and that of the oldest which is kept.
func (a *azure) numbersAfter(t *testing.T, number int) (numbers []int, oldest string) {
	t.Helper()
	got := a.control(t, http.MethodGet, "/_mock/requests?after="+strconv.Itoa(number))
	var records []RequestRecord
	if err := json.Unmarshal([]byte(got.text), &records); err != nil {
		t.Fatalf("%d %s: %v", got.status, got.text, err)
	}
	for _, record := range records {
		numbers = append(numbers, record.Number)
	}
	return numbers, got.header.Get("Mockarm-Oldest-Request")
}

func TestWhatIsNewInTheRequestLogIsToldByItself(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	for range 3 {
		s.must(http.StatusOK, http.MethodGet, testGroup, "")
	}
	for _, c := range []struct {
		after int
		want  []int
	}{{0, []int{1, 2, 3}}, {1, []int{2, 3}}, {3, nil}, {99, nil}} {
		if got, oldest := a.numbersAfter(t, c.after); !slices.Equal(got, c.want) || oldest != "1" {
			t.Errorf("after %d: %v and the oldest %s, want %v and 1", c.after, got, oldest, c.want)
		}
	}
	a.control(t, http.MethodPost, "/_mock/reset")
	if got, oldest := a.numbersAfter(t, 3); got != nil || oldest != "4" {
		t.Errorf("after the reset: %v and the oldest %s, want none and 4", got, oldest)
	}
	s.must(http.StatusOK, http.MethodGet, testGroup, "")
	if got, oldest := a.numbersAfter(t, 3); !slices.Equal(got, []int{4}) || oldest != "4" {
		t.Errorf("after the reset and a request: %v and the oldest %s, want 4 and 4", got, oldest)
	}
	for _, wrong := range []string{"-1", "x", "1.5"} {
		if got := a.control(t, http.MethodGet, "/_mock/requests?after="+wrong); got.status != http.StatusBadRequest || !strings.Contains(got.text, "after") {
			t.Errorf("after=%s: %d %s", wrong, got.status, got.text)
		}
	}
}

func TestAFullRequestLogTellsItsNewest(t *testing.T) {
	t.Parallel()
	var log requestLog
	for range requestLogSize + 3 {
		log.add(RequestRecord{})
	}
	records, oldest := log.after(requestLogSize + 1)
	if len(records) != 2 || records[0].Number != requestLogSize+2 || records[1].Number != requestLogSize+3 || oldest != 4 {
		t.Errorf("%d records and the oldest %d", len(records), oldest)
	}
	if records, _ := log.after(0); len(records) != requestLogSize || records[0].Number != 4 {
		t.Errorf("%d records", len(records))
	}
}

func TestStateIsToldAgainOnlyWhenTheWorldHasChanged(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	etag := a.control(t, http.MethodGet, "/_mock/state").header.Get("ETag")
	changes := func() bool {
		t.Helper()
		r := newRequest(t, http.MethodGet, a.URL()+"/_mock/state", "")
		r.Header.Set("If-None-Match", etag)
		got := roundTrip(t, a.Transport(), r)
		if got.status == http.StatusNotModified && got.text != "" {
			t.Errorf("304 with %s", got.text)
		}
		etag = got.header.Get("ETag")
		return got.status == http.StatusOK
	}
	var id string
	for _, step := range []struct {
		name    string
		does    func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"a read", func() { s.must(http.StatusOK, http.MethodGet, testGroup, "") }, false},
		{"an identity", func() { id = s.createIdentity("reader").value("id") }, true},
		{"nothing again", func() {}, false},
		{"an attachment that begins", func() {
			s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+id+`":{}}}}`)
		}, true},
		{"an attachment that is on its way", func() {}, false},
		{"an attachment that has come into force", func() { a.clock.Advance(time.Minute) }, true},
		{"a refused write", func() { s.do(http.MethodPut, testIdentities+"x", "{}", "Authorization", "none") }, false},
		{"a reset", func() { a.control(t, http.MethodPost, "/_mock/reset") }, true},
	} {
		step.does()
		if got := changes(); got != step.changes {
			t.Errorf("%s: the state is told again: %v, want %v", step.name, got, step.changes)
		}
	}
	if another := newAzure(t).control(t, http.MethodGet, "/_mock/state").header.Get("ETag"); another == etag {
		t.Errorf("another world has the same version %s", another)
	}
}

func TestStateTellsWhatAPictureNeeds(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	reader := s.createIdentity("reader")
	s.must(http.StatusCreated, http.MethodPut, testGroup+"/providers/"+roleAssignments+"/"+newGUID(),
		assignmentBody(reader.value("properties", "principalId"), readerRole, ""))
	state := a.world.State()
	if len(state.RoleAssignments) != 2 || state.RoleAssignments[0].Orphan || state.RoleAssignments[1].Orphan {
		t.Errorf("role assignments: %+v", state.RoleAssignments)
	}
	s.must(http.StatusOK, http.MethodDelete, reader.value("id"), "")
	orphans := 0
	state = a.world.State()
	for _, assignment := range state.RoleAssignments {
		if assignment.Orphan {
			orphans++
		}
	}
	if orphans != 1 {
		t.Errorf("%d orphans: %+v", orphans, state.RoleAssignments)
	}
	root := managementGroupID(DefaultTenantID)
	if want := []TenantState{{ID: DefaultTenantID, DisplayName: "Mock Tenant"}}; !slices.Equal(state.Tenants, want) {
		t.Errorf("tenants: %+v", state.Tenants)
	}
	if want := []ManagementGroupState{{ID: root, DisplayName: "Tenant Root Group"}}; !slices.Equal(state.ManagementGroups, want) || state.Subscriptions[0].ManagementGroup != root {
		t.Errorf("management groups: %+v; subscriptions: %+v", state.ManagementGroups, state.Subscriptions)
	}
	if want := []IssuerState{{Name: "github", URL: "https://token.actions.githubusercontent.com"}}; !slices.Equal(state.Issuers, want) {
		t.Errorf("issuers: %+v", state.Issuers)
	}
}

func TestRequestsTellWhichFaultStruckThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault Fault
		want  string
	}{
		{Fault{Status: 503}, "answered with 503 ServiceUnavailable"},
		{Fault{Status: 429, Code: "Slow", AnswerDelay: time.Millisecond}, "answered with 429 Slow, answer delayed by 1ms"},
		{Fault{Reset: ResetBefore}, "reset before its effect"},
		{Fault{Reset: ResetAfter}, "reset after its effect"},
		{Fault{Delay: time.Millisecond, Truncate: true}, "delayed by 1ms, answer truncated"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			r := newRequest(t, http.MethodGet, a.URL()+testGroup+"?api-version=2022-09-01", "")
			r.Header.Set("Authorization", "Bearer "+a.operator(t).token)
			if err := a.Inject(c.fault); err != nil {
				t.Fatal(err)
			}
			if resp, err := a.Transport().RoundTrip(r); err == nil {
				_ = resp.Body.Close()
			}
			requests := a.Requests()
			if got := requests[len(requests)-1]; got.Fault != c.want || got.CallerName != "operator" {
				t.Errorf("the log tells %+v", got)
			}
		})
	}
}
