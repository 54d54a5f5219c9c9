// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func isRoleList(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/roleDefinitions") }

func TestOneListServesAllRolesOfASubscription(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	scopes := []armid.ID{devTest, armid.Subscription(mockarm.DefaultSubscriptionID), parse(t, mockarm.DefaultMachineID)}
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			name := []string{"Reader", "reader", "CONTRIBUTOR"}[i%3]
			role, err := c.RoleByName(t.Context(), scopes[i%len(scopes)], name)
			if err != nil || !strings.EqualFold(role.Name, name) || role.ID.SubscriptionID() != mockarm.DefaultSubscriptionID {
				t.Errorf("%s is %+v, %v", name, role, err)
			}
		})
	}
	group.Wait()
	role, err := c.RoleByGUID(t.Context(), devTest, strings.ToUpper(readerRole))
	if err != nil || role.Name != "Reader" || !role.ID.Equal(armid.RoleDefinition(mockarm.DefaultSubscriptionID, readerRole)) {
		t.Errorf("%s is %+v, %v", readerRole, role, err)
	}
	if n := w.count(isRoleList); n != 1 {
		t.Errorf("roles were listed %d times", n)
	}
	// The tenant has a list of its own, whose IDs have no subscription.
	if role, err := c.RoleByName(t.Context(), armid.Tenant, "Reader"); err != nil || !role.ID.Equal(armid.RoleDefinition("", readerRole)) {
		t.Errorf("at the tenant, Reader is %+v, %v", role, err)
	}
	if n := w.count(isRoleList); n != 2 {
		t.Errorf("roles were listed %d times", n)
	}
}

func TestRolesArePaged(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t)
	server.World().Configure(func(s *mockarm.Settings) { s.PageSize = 2 })
	w := tap(&cfg, nil)
	if role, err := newClient(t, cfg).RoleByGUID(t.Context(), devTest, readerRole); err != nil || role.Name != "Reader" {
		t.Errorf("Reader is %+v, %v", role, err)
	}
	if n := w.count(isRoleList); n < 3 {
		t.Errorf("the list had %d pages", n)
	}
}

func TestPagesThatLeadInACircleEnd(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	w := tap(&cfg, func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, nil, `{"value":[],"nextLink":"`+mockURL+r.URL.Path+`?api-version=2022-04-01&$skiptoken=x"}`), nil
	})
	if _, err := newClient(t, cfg).RoleByName(t.Context(), devTest, "Reader"); err == nil || !strings.Contains(err.Error(), "circle") {
		t.Errorf("error %v after %d requests", err, len(w.requests))
	}
}

func TestAnUnknownRoleOffersTheNearest(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	c := newClient(t, cfg)
	for name, want := range map[string]string{
		"Readr":                        "Reader",
		"Managed Identity Operater":    "Managed Identity Operator",
		"virtual machine contributors": "Virtual Machine Contributor",
		"Role Based Access Control":    "Role Based Access Control Administrator",
		"Something Altogether Diverse": "",
	} {
		_, err := c.RoleByName(t.Context(), devTest, name)
		unknown, ok := errors.AsType[*UnknownRoleError](err)
		if !ok || unknown.Name != name {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if want == "" && len(unknown.Nearest) > 0 || want != "" && (len(unknown.Nearest) == 0 || unknown.Nearest[0] != want || !strings.Contains(Describe(err), want)) {
			t.Errorf("%s: nearest are %q, want %q first; the text is %s", name, unknown.Nearest, want, Describe(err))
		}
	}
}

func TestARoleThatWasJustMadeIsFound(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	if _, err := c.RoleByName(t.Context(), devTest, "Reader"); err != nil {
		t.Fatal(err)
	}
	made := false
	w.instead = func(r *http.Request) (*http.Response, error) {
		made = true
		return answer(r, http.StatusOK, nil, `{"value":[{"name":"99999999-9999-4999-8999-999999999999","properties":{"roleName":"Night Watch","type":"CustomRole"}}]}`), nil
	}
	if role, err := c.RoleByName(t.Context(), devTest, "night watch"); err != nil || !made || role.Name != "Night Watch" {
		t.Errorf("the new role is %+v, %v", role, err)
	}
}

func TestRolesOfOneNameAreToldApartByGUID(t *testing.T) {
	t.Parallel()
	guids := []string{"99999999-9999-4999-8999-999999999991", "99999999-9999-4999-8999-999999999992"}
	_, cfg := newMock(t)
	tap(&cfg, func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, nil, `{"value":[{"name":"`+guids[1]+`","properties":{"roleName":"Watch"}},{"name":"`+guids[0]+`","properties":{"roleName":"watch"}}]}`), nil
	})
	_, err := newClient(t, cfg).RoleByName(t.Context(), devTest, "Watch")
	if ambiguous, ok := errors.AsType[*AmbiguousRoleError](err); !ok || !slices.Equal(ambiguous.GUIDs, guids) {
		t.Errorf("error %v", err)
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"Grün", "Grun", 1}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
