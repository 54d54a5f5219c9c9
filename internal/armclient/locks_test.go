// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// locked returns a client for an Azure with an assignment in a locked group, and the assignment's ID.
func locked(t *testing.T, instead func(*http.Request) (*http.Response, error)) (*Client, armid.ID) {
	t.Helper()
	id, p := readerAt(devTest)
	_, cfg := newMock(t, func(s *mockarm.Seed) {
		s.Locks = append(s.Locks, mockarm.SeedLock{Name: "keep", Scope: devTest.String(), Level: "CanNotDelete", Notes: "ask first"})
	})
	tap(&cfg, instead)
	c := newClient(t, cfg)
	if _, _, err := c.CreateRoleAssignment(t.Context(), id, p); err != nil {
		t.Fatal(err)
	}
	return c, id
}

func TestARefusalNamesTheLocks(t *testing.T) {
	t.Parallel()
	c, id := locked(t, nil)
	err := c.DeleteRoleAssignment(t.Context(), id, "")
	refusal, ok := errors.AsType[*LockedError](err)
	if !ok || len(refusal.Locks) != 1 || refusal.Locks[0].Name != "keep" || refusal.Locks[0].Level != "CanNotDelete" || refusal.Locks[0].Notes != "ask first" {
		t.Fatalf("%+v: %v", refusal, err)
	}
	if ErrorCode(err) != "ScopeLocked" || !strings.Contains(Describe(err), `"keep" (CanNotDelete, `) {
		t.Errorf("it is described as %s", Describe(err))
	}
}

func TestWhoMayNotReadLocksGetsTheRefusal(t *testing.T) {
	t.Parallel()
	c, id := locked(t, func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/locks") {
			return answer(r, http.StatusForbidden, nil, armError("AuthorizationFailed", "no")), nil
		}
		return nil, nil
	})
	if err := c.DeleteRoleAssignment(t.Context(), id, ""); ErrorCode(err) != "ScopeLocked" || !strings.Contains(Describe(err), "A management lock stands in the way") {
		t.Errorf("%s", Describe(err))
	}
}
