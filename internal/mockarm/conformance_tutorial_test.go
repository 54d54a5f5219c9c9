// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// containsMessage tells whether an error says something, quotes as ARM writes them.
func containsMessage(err error, message string) bool {
	return err != nil && strings.Contains(strings.ReplaceAll(err.Error(), `\"`, `"`), message)
}

// findRole looks up a role by its name.
func (set clientSet) findRole(t *testing.T, name string) string {
	t.Helper()
	filter := "roleName eq '" + name + "'"
	found, _ := collect(t.Context(), t, set.definitions.NewListPager(testGroup, &armauthorization.RoleDefinitionsClientListOptions{Filter: &filter}),
		func(p armauthorization.RoleDefinitionsClientListResponse) []*armauthorization.RoleDefinition {
			return p.Value
		})
	if len(found) != 1 {
		t.Fatalf("%d roles are called %q, want 1", len(found), name)
	}
	return *found[0].ID
}

// assign gives a role on DevTest.
func (set clientSet) assign(t *testing.T, name, principalID, roleID string) (armauthorization.RoleAssignment, error) {
	t.Helper()
	assignment, err := set.assignments.Create(t.Context(), testGroup, name, armauthorization.RoleAssignmentCreateParameters{
		Properties: &armauthorization.RoleAssignmentProperties{
			PrincipalID: &principalID, RoleDefinitionID: &roleID, PrincipalType: to.Ptr(armauthorization.PrincipalTypeServicePrincipal),
		},
	}, nil)
	return assignment.RoleAssignment, err
}

func TestClientsGrantAndRevoke(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	ctx := t.Context()
	principalID := *set.makeIdentity(t, "one").Properties.PrincipalID
	reader := set.findRole(t, "reader")
	name := newGUID()

	assignment, err := set.assign(t, name, principalID, reader)
	if err != nil || *assignment.Properties.RoleDefinitionID != reader || assignment.Properties.CreatedBy != nil {
		t.Fatalf("assigned %+v, %v", assignment.Properties, err)
	}
	if _, err = set.assign(t, name, principalID, reader); err != nil {
		t.Errorf("assigning once more under the same name: %v", err)
	}
	_, err = set.assign(t, newGUID(), principalID, reader)
	wantRefusal(t, err, http.StatusConflict, "RoleAssignmentExists")
	if !containsMessage(err, strings.ReplaceAll(name, "-", "")) {
		t.Errorf("the refusal does not name the existing assignment: %v", err)
	}
	read, err := set.assignments.GetByID(ctx, *assignment.ID, nil)
	if err != nil || *read.Properties.CreatedBy != DefaultOperatorID {
		t.Errorf("read %+v, %v", read.Properties, err)
	}
	// The client writes this filter into the URL as it stands, blanks and all: only HTTP/2 carries it.
	filter := "principalId eq '" + principalID + "'"
	listed, _ := collect(ctx, t, set.assignments.NewListForScopePager(testGroup, &armauthorization.RoleAssignmentsClientListForScopeOptions{Filter: &filter}),
		func(p armauthorization.RoleAssignmentsClientListForScopeResponse) []*armauthorization.RoleAssignment {
			return p.Value
		})
	if len(listed) != 1 || *listed[0].Name != name {
		t.Errorf("listed %v", listed)
	}
	deleted, err := set.assignments.Delete(ctx, testGroup, name, nil)
	if err != nil || *deleted.Name != name {
		t.Errorf("deleted %+v, %v", deleted.RoleAssignment, err)
	}
	if _, err = set.assignments.Delete(ctx, testGroup, name, nil); err != nil {
		t.Errorf("deleting once more: %v", err)
	}
	_, err = set.assignments.Get(ctx, testGroup, name, nil)
	wantRefusal(t, err, http.StatusNotFound, "RoleAssignmentNotFound")
}

func TestRoleAssignmentsArePagedWithTheirFilter(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.World().Configure(func(settings *Settings) { settings.PageSize = 1 })
	set := c.clients(t, c.operator(t))
	principalID := *set.makeIdentity(t, "one").Properties.PrincipalID
	for _, role := range []string{"Reader", "AcrPull", "Network Contributor"} {
		if _, err := set.assign(t, newGUID(), principalID, set.findRole(t, role)); err != nil {
			t.Fatalf("assigning %s: %v", role, err)
		}
	}
	filter := "principalId eq '" + principalID + "'"
	listed, pages := collect(t.Context(), t, set.assignments.NewListForResourceGroupPager("DevTest", &armauthorization.RoleAssignmentsClientListForResourceGroupOptions{Filter: &filter}),
		func(p armauthorization.RoleAssignmentsClientListForResourceGroupResponse) []*armauthorization.RoleAssignment {
			return p.Value
		})
	if len(listed) != 3 || pages != 3 {
		t.Errorf("%d assignments on %d pages, want 3 on 3", len(listed), pages)
	}
}

// TestTutorialWithUserAssignedIdentity does what the tutorial does: make an identity, attach it, grant it Reader on the
// machine's resource group, and read the group with the machine's token. Each step is tried before it is taken.
func TestTutorialWithUserAssignedIdentity(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	identity := set.makeIdentity(t, "tutorial")
	machine := c.clients(t, c.machineCredential(t, *identity.Properties.ClientID))

	_, err := machine.groups.Get(t.Context(), "DevTest", nil)
	if _, refused := errors.AsType[*azidentity.AuthenticationFailedError](err); !refused {
		t.Fatalf("an identity that is not attached got %v", err)
	}
	if _, err = set.patchMachine(t, userAssigned(*identity.ID)); err != nil {
		t.Fatalf("attaching: %v", err)
	}
	_, err = machine.groups.Get(t.Context(), "DevTest", nil)
	wantRefusal(t, err, http.StatusForbidden, "AuthorizationFailed")
	if !containsMessage(err, "The client '"+*identity.Properties.ClientID+"' with object id '"+*identity.Properties.PrincipalID+"'") {
		t.Errorf("the refusal does not name the identity: %v", err)
	}
	if _, err = set.assign(t, newGUID(), *identity.Properties.PrincipalID, set.findRole(t, "Reader")); err != nil {
		t.Fatalf("granting: %v", err)
	}
	group, err := machine.groups.Get(t.Context(), "DevTest", nil)
	if err != nil || *group.ID != testGroup || *group.Location != "westus" || *group.Properties.ProvisioningState != "Succeeded" {
		t.Fatalf("read %+v, %v", group.ResourceGroup, err)
	}
	_, err = machine.groups.CreateOrUpdate(t.Context(), "DevTest", group.ResourceGroup, nil)
	wantRefusal(t, err, http.StatusForbidden, "AuthorizationFailed")
}

// TestTutorialWithSystemAssignedIdentity is the same with the identity of the machine itself.
func TestTutorialWithSystemAssignedIdentity(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	updated, err := set.patchMachine(t, &armcompute.VirtualMachineIdentity{Type: to.Ptr(armcompute.ResourceIdentityTypeSystemAssigned)})
	if err != nil {
		t.Fatalf("turning it on: %v", err)
	}
	own, err := set.systemIdentities.GetByScope(t.Context(), DefaultMachineID, nil)
	if err != nil {
		t.Fatalf("reading identities/default: %v", err)
	}
	machine := c.clients(t, c.machineCredential(t, *own.Properties.ClientID))
	_, err = machine.groups.Get(t.Context(), "DevTest", nil)
	wantRefusal(t, err, http.StatusForbidden, "AuthorizationFailed")
	if _, err = set.assign(t, newGUID(), *updated.Identity.PrincipalID, set.findRole(t, "Reader")); err != nil {
		t.Fatalf("granting: %v", err)
	}
	if _, err = machine.groups.Get(t.Context(), "DevTest", nil); err != nil {
		t.Errorf("reading the group: %v", err)
	}
}

// A fixedToken is a credential that has nothing but one token.
type fixedToken string

func (f fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(f), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestClientsNeedAToken(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	valid := c.azure.operator(t).token
	head, rest, _ := strings.Cut(valid, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for _, test := range []struct{ name, token, code string }{
		{"no token at all", "nonsense", "InvalidAuthenticationToken"},
		{"signature of another token", head + "." + payload + ".c2lnbmF0dXJl", "InvalidAuthenticationToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.clients(t, fixedToken(test.token)).groups.Get(t.Context(), "DevTest", nil)
			wantRefusal(t, err, http.StatusUnauthorized, test.code)
		})
	}
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		old := newCloud(t)
		token := old.azure.operator(t).token
		old.clock.Advance(25 * time.Hour)
		_, err := old.clients(t, fixedToken(token)).groups.Get(t.Context(), "DevTest", nil)
		wantRefusal(t, err, http.StatusUnauthorized, "ExpiredAuthenticationToken")
	})
	_, err := c.signIn(t, DefaultOperatorAppID, "wrong").GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if !containsMessage(err, "AADSTS7000215") {
		t.Errorf("a wrong secret got %v", err)
	}
}
