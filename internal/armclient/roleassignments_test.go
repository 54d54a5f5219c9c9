// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	readerRole = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	principal  = "66666666-6666-4666-8666-666666666666"
)

// readerAt is the assignment of Reader to a principal, by the name that follows from them.
func readerAt(scope armid.ID) (armid.ID, armauthorization.RoleAssignmentProperties) {
	name := RoleAssignmentName(mockarm.DefaultTenantID, scope, principal, readerRole)
	return armid.RoleAssignment(scope, name), armauthorization.RoleAssignmentProperties{
		PrincipalID: new(principal), RoleDefinitionID: new(armid.RoleDefinition(mockarm.DefaultSubscriptionID, readerRole).String()),
	}
}

func TestARoleAssignmentLives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, cfg := newMock(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	id, p := readerAt(devTest)

	_, created, err := c.CreateRoleAssignment(ctx, id, p)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.seen(); len(got) != 2 {
		t.Errorf("a creation takes the requests %q, want two", got)
	}
	if p.PrincipalType != nil || value(created.Properties.PrincipalType) != armauthorization.PrincipalTypeServicePrincipal {
		t.Errorf("the principal type is %q, the caller's own %v", value(created.Properties.PrincipalType), p.PrincipalType)
	}
	p.Description = new("for the demo")
	if updated, err := c.UpdateRoleAssignment(ctx, id, p); err != nil || value(updated.Properties.Description) != "for the demo" {
		t.Errorf("updating it gives %+v, %v", updated.Properties, err)
	}
	if read, err := c.RoleAssignment(ctx, id, ""); err != nil || value(read.Properties.Description) != "for the demo" {
		t.Errorf("reading it gives %+v, %v", read.Properties, err)
	}
	if got := len(server.World().State().RoleAssignments); got != 2 {
		t.Errorf("Azure has %d role assignments, want ours and the operator's", got)
	}
	for range 2 {
		if err := c.DeleteRoleAssignment(ctx, id, ""); err != nil {
			t.Errorf("deleting it: %v", err)
		}
	}
	if _, err := c.RoleAssignment(ctx, id, ""); !IsNotFound(err) {
		t.Errorf("reading it after that: %v", err)
	}
}

func TestARoleAssignmentIsNotTakenOver(t *testing.T) {
	t.Parallel()
	const other = "77777777-7777-4777-8777-777777777777"
	id, p := readerAt(devTest)
	for name, test := range map[string]struct {
		taken string
		old   bool // the service names no ID in its message
	}{
		"under our name, on other terms":    {taken: id.Name()},
		"under another name":                {taken: other},
		"under another name, older service": {taken: other, old: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t, func(s *mockarm.Seed) {
				s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: principal, DisplayName: "reader", AppID: "88888888-8888-4888-8888-888888888888"})
				s.RoleAssignments = append(s.RoleAssignments,
					// What the principal has above and below must not be mistaken for it.
					mockarm.SeedRoleAssignment{Role: "Reader", Principal: principal, Scope: "/subscriptions/" + mockarm.DefaultSubscriptionID},
					mockarm.SeedRoleAssignment{Role: "Contributor", Principal: principal, Scope: devTest.String()},
					mockarm.SeedRoleAssignment{Role: "Reader", Principal: principal, Scope: devTest.String(), Name: test.taken, Description: "by hand"})
			})
			tap(&cfg, func(r *http.Request) (*http.Response, error) {
				if test.old && r.Method == http.MethodPut {
					return answer(r, http.StatusConflict, nil, armError("RoleAssignmentExists", "The role assignment already exists.")), nil
				}
				if strings.ContainsAny(r.URL.RawQuery, " ") {
					t.Errorf("the query %q has a space, which HTTP/1.1 cannot send", r.URL.RawQuery)
				}
				return nil, nil
			})
			_, _, err := newClient(t, cfg).CreateRoleAssignment(t.Context(), id, p)
			exists, ok := errors.AsType[*AlreadyExistsError](err)
			if want := armid.RoleAssignment(devTest, test.taken); !ok || !exists.ID.Equal(want) {
				t.Errorf("error %v, want an AlreadyExistsError of %s", err, want)
			}
		})
	}
}

// An earlier run may have been killed after its PUT. Nobody else would draw the name that follows from what is assigned.
func TestWhatAnEarlierRunMadeIsTaken(t *testing.T) {
	t.Parallel()
	id, p := readerAt(devTest)
	server, cfg := newMock(t, func(s *mockarm.Seed) {
		s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: principal, DisplayName: "reader", AppID: "88888888-8888-4888-8888-888888888888"})
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: principal, Scope: devTest.String(), Name: id.Name()})
	})
	made, assignment, err := newClient(t, cfg).CreateRoleAssignment(t.Context(), id, p)
	if err != nil || !made.Equal(id) || value(assignment.Properties.PrincipalID) != principal {
		t.Errorf("%s %+v %v", made, assignment.Properties, err)
	}
	if n := len(server.World().State().RoleAssignments); n != 2 {
		t.Errorf("Azure has %d role assignments, want it and the operator's", n)
	}
}

func TestWhatExistsIsAdoptedWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	const other = "77777777-7777-4777-8777-777777777777"
	id, p := readerAt(devTest)
	p.Description = new("ours now")
	for name, taken := range map[string]string{"under our name": id.Name(), "under another name": other} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, cfg := newMock(t, func(s *mockarm.Seed) {
				s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: principal, DisplayName: "reader", AppID: "88888888-8888-4888-8888-888888888888"})
				s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: principal, Scope: devTest.String(), Name: taken})
			})
			cfg.AdoptExisting = true
			made, _, err := newClient(t, cfg).CreateRoleAssignment(t.Context(), id, p)
			if err != nil || made.Name() != taken {
				t.Errorf("%s, %v", made, err)
			}
			all := server.World().State().RoleAssignments
			if i := slices.IndexFunc(all, func(a mockarm.RoleAssignmentState) bool { return a.Description == "ours now" }); len(all) != 2 || i < 0 {
				t.Errorf("Azure has %+v", all)
			}
		})
	}
}

func TestATakenNameIsToldFromAnExistingAssignment(t *testing.T) {
	t.Parallel()
	id, p := readerAt(devTest)
	_, cfg := newMock(t, func(s *mockarm.Seed) {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Contributor", Principal: mockarm.DefaultOperatorID, Scope: devTest.String(), Name: id.Name()})
	})
	_, _, err := newClient(t, cfg).CreateRoleAssignment(t.Context(), id, p)
	if _, ok := errors.AsType[*AlreadyExistsError](err); ok || err == nil || !strings.Contains(err.Error(), mockarm.DefaultOperatorID) {
		t.Errorf("error %v, want one that tells whose the name is", err)
	}
}

// TestARequestThatWasSentTwiceIsOneCreation loses the answer to the PUT that made the assignment.
func TestARequestThatWasSentTwiceIsOneCreation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t)
		lost := false
		direct := cfg.Transport
		tap(&cfg, func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPut || lost {
				return nil, nil
			}
			lost = true
			if resp, err := direct.RoundTrip(r); err != nil || resp.StatusCode != http.StatusCreated {
				t.Errorf("the first PUT was answered with %v, %v", resp, err)
			}
			return nil, errors.New("connection reset by peer")
		})
		id, p := readerAt(devTest)
		if _, _, err := newClient(t, cfg).CreateRoleAssignment(t.Context(), id, p); err != nil {
			t.Error(err)
		}
		if got := len(server.World().State().RoleAssignments); got != 2 || !lost {
			t.Errorf("Azure has %d role assignments, want ours and the operator's", got)
		}
	})
}

func TestRefusalsThatPassAreWaitedOut(t *testing.T) {
	t.Parallel()
	for _, refusal := range []struct{ code, message string }{
		{"PrincipalNotFound", "Principal 66666666666646668666666666666666 does not exist in the directory."},
		{"RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."},
		{"BadRequest", "A hash conflict was encountered for the role Assignment ID. Please use a new Guid."},
	} {
		t.Run(refusal.code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, cfg := newMock(t)
				began := time.Now()
				known := 90 * time.Second
				tap(&cfg, func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodPut && time.Since(began) < known {
						return answer(r, http.StatusBadRequest, nil, armError(refusal.code, refusal.message)), nil
					}
					return nil, nil
				})
				c := newClient(t, cfg)
				id, p := readerAt(devTest)
				if _, _, err := c.CreateRoleAssignment(t.Context(), id, p); err != nil {
					t.Error(err)
				}
				if waited := time.Since(began); waited > known+10*time.Second {
					t.Errorf("it took %s, %s after the refusals ended", waited, waited-known)
				}

				// One that lasts is reported within two minutes, not after the whole timeout.
				began, known = time.Now(), time.Hour
				id, p = readerAt(armid.ResourceGroup(mockarm.DefaultSubscriptionID, "DevTest").Child(armid.TypeVirtualMachine, "vm-linux"))
				_, _, err := c.CreateRoleAssignment(t.Context(), id, p)
				if waited := time.Since(began); ErrorCode(err) != refusal.code || waited > 2*time.Minute || waited < 100*time.Second {
					t.Errorf("error %v after %s", err, waited)
				}
				if step := nextSteps[refusal.code]; refusal.code != "BadRequest" && (step == "" || !strings.Contains(Describe(err), step)) {
					t.Errorf("nobody is told what to do: %s", Describe(err))
				}
			})
		})
	}
}

func TestANewPrincipalIsGrantedARoleAtOnce(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, func(s *mockarm.Seed) {
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", PrincipalID: principal}}
	})
	server.World().Configure(func(s *mockarm.Settings) { s.DirectoryDelay = time.Hour })
	w := tap(&cfg, nil)
	id, p := readerAt(devTest)
	if _, _, err := newClient(t, cfg).CreateRoleAssignment(t.Context(), id, p); err != nil || len(w.seen()) != 2 {
		t.Errorf("error %v after the requests %q", err, w.seen())
	}
}

func TestRoleAssignmentNames(t *testing.T) {
	t.Parallel()
	name := RoleAssignmentName(mockarm.DefaultTenantID, devTest, principal, readerRole)
	// A name that changed would make every assignment of older versions a stranger.
	if want := "9ae6c4af-c413-5b73-9874-e38cccfd989b"; name != want {
		t.Errorf("the name is %s, want %s", name, want)
	}
	if shouted := RoleAssignmentName(strings.ToUpper(mockarm.DefaultTenantID), parse(t, strings.ToUpper(devTest.String())), strings.ToUpper(principal), strings.ToUpper(readerRole)); shouted != name {
		t.Errorf("in upper case the name is %s", shouted)
	}
	seen := map[string]bool{name: true}
	for _, other := range []string{
		RoleAssignmentName(principal, devTest, principal, readerRole),
		RoleAssignmentName(mockarm.DefaultTenantID, armid.Tenant, principal, readerRole),
		RoleAssignmentName(mockarm.DefaultTenantID, devTest, readerRole, readerRole),
		RoleAssignmentName(mockarm.DefaultTenantID, devTest, principal, principal),
	} {
		if seen[other] {
			t.Errorf("the name %s is that of two assignments", other)
		}
		seen[other] = true
	}
}
