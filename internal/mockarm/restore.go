// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ReadState reads a [State] in JSON. A field that is not known is an error.
func ReadState(r io.Reader) (State, error) {
	var state State
	if err := readDocument(r, &state); err != nil {
		return State{}, fmt.Errorf("reading the state: %w", err)
	}
	return state, nil
}

// Restore makes the world what a state says that was taken of it, or of another world with the same seed: tenants,
// subscriptions, management groups, issuers and all principals that are no managed identities are those of the seed, with
// their secrets. The clock is moved on to the state's time if it is behind. A state that cannot be is refused, with the
// place of the mistake, and changes nothing.
func (w *World) Restore(state State) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	restored := &World{clock: w.clock, settings: w.settings}
	if err := restored.plant(w.seed); err != nil {
		return fmt.Errorf("planting the seed: %w", err) // Cannot happen: it has been planted before.
	}
	if err := restored.overlay(state); err != nil {
		return fmt.Errorf("restoring the state: %w", err)
	}
	w.contents = restored.contents
	w.version++
	if behind := state.Time.Sub(w.clock.Now()); behind > 0 {
		w.clock.Advance(behind)
	}
	return nil
}

// overlay puts the objects of a state in the place of those that the seed begins with.
func (w *World) overlay(state State) error {
	if state.Version != stateVersion {
		return fmt.Errorf("version: this mock reads version %d, not %d", stateVersion, state.Version)
	}
	w.resourceGroups, w.identities = map[string]*ResourceGroup{}, map[string]*UserAssignedIdentity{}
	w.machines, w.scaleSets = map[string]*VirtualMachine{}, map[string]*ScaleSet{}
	w.roleDefinitions, w.roleAssignments, w.locks = map[string]*RoleDefinition{}, newAssignmentStore(), map[string]*Lock{}
	maps.DeleteFunc(w.principals, func(_ string, p *Principal) bool { return p.ResourceID != "" })
	r := restorer{w}
	err := errors.Join(
		each("subscriptions", state.Subscriptions, r.subscription),
		each("resourceGroups", state.ResourceGroups, r.resourceGroup),
		each("principals", state.Principals, r.principal),
		each("operations", state.Operations, r.operation),
		each("identities", state.Identities, r.identity),
		each("virtualMachineScaleSets", state.VirtualMachineScaleSets, r.scaleSet),
		each("virtualMachines", state.VirtualMachines, r.machine),
		each("roleDefinitions", state.RoleDefinitions, r.roleDefinition),
		each("roleAssignments", state.RoleAssignments, r.roleAssignment),
		each("deletedRoleAssignments", state.DeletedRoleAssignments, r.deletedRoleAssignment),
		each("locks", state.Locks, r.lock),
	)
	if err != nil {
		return err
	}
	return w.verify()
}

// A restorer puts the objects of a state into a world. Errors begin with the name of the field that they are about.
type restorer struct{ world *World }

func (r restorer) subscription(s SubscriptionState) error {
	subscription := r.world.subscriptions[key(s.ID)]
	if subscription == nil {
		return fmt.Errorf("id: there is no subscription %q in the seed of this world", s.ID)
	}
	clear(subscription.Registered)
	for _, namespace := range s.RegisteredProviders {
		if !slices.ContainsFunc(services(), func(known service) bool { return strings.EqualFold(known.namespace, namespace) }) {
			return fmt.Errorf("registeredProviders: the mock has no resource provider %q", namespace)
		}
		subscription.Registered[key(namespace)] = true
	}
	return nil
}

func (r restorer) resourceGroup(s ResourceGroupState) error {
	segments := strings.Split(s.ID, "/")
	if len(segments) != 5 || segments[0] != "" || !strings.EqualFold(segments[1], "subscriptions") || !strings.EqualFold(segments[3], "resourceGroups") ||
		!resourceGroupName.MatchString(segments[4]) {
		return fmt.Errorf("id: %q is not the ID of a resource group", s.ID)
	}
	subscription := r.world.subscriptions[key(segments[2])]
	if subscription == nil {
		return fmt.Errorf("id: there is no subscription %q in the seed of this world", segments[2])
	}
	state, err := provisioningState(s.ProvisioningState)
	if err != nil {
		return fmt.Errorf("provisioningState: %w", err)
	}
	return put(r.world.resourceGroups, "id", s.ID, &ResourceGroup{
		ID: s.ID, Name: segments[4], SubscriptionID: subscription.ID, Location: s.Location, Tags: s.Tags, ManagedBy: s.ManagedBy, ProvisioningState: state,
	})
}

// resource takes the ID of a resource apart: its resource group, which must be there, and its name.
func (r restorer) resource(id, kind string) (*ResourceGroup, string, error) {
	segments := strings.Split(id, "/")
	if !isResourceID(id) || len(segments) != 9 || !strings.EqualFold(segments[6]+"/"+segments[7], kind) {
		return nil, "", fmt.Errorf("id: %q is not the ID of a resource of type %s", id, kind)
	}
	group := r.world.groupOf(id)
	if group == nil {
		return nil, "", fmt.Errorf("id: there is no resource group %q", strings.Join(segments[:5], "/"))
	}
	return group, segments[8], nil
}

func (r restorer) principal(s PrincipalState) error {
	known := r.world.principals[key(s.ObjectID)]
	if s.ResourceID == "" {
		if known == nil {
			return fmt.Errorf("objectId: there is no principal %q in the seed of this world", s.ObjectID)
		}
		return nil
	}
	tenant := r.world.tenants[key(s.TenantID)]
	if tenant == nil {
		return fmt.Errorf("tenantId: there is no tenant %q in the seed of this world", s.TenantID)
	}
	if err := guids("objectId", s.ObjectID, "appId", s.AppID); err != nil {
		return err
	}
	return put(r.world.principals, "objectId", s.ObjectID, &Principal{
		ObjectID: s.ObjectID, AppID: s.AppID, TenantID: tenant.ID, DisplayName: s.DisplayName, Kind: ServicePrincipal, ResourceID: s.ResourceID, CreatedAt: s.CreatedAt,
	})
}

// guids wants values to be GUIDs; names and values alternate.
func guids(namesAndValues ...string) error {
	for i := 0; i < len(namesAndValues); i += 2 {
		if _, err := guid(namesAndValues[i], namesAndValues[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (r restorer) identity(s IdentityState) error {
	_, name, err := r.resource(s.ID, userAssignedIdentities)
	if err != nil {
		return err
	}
	if err := guids("principalId", s.PrincipalID, "clientId", s.ClientID, "tenantId", s.TenantID); err != nil {
		return err
	}
	identity := &UserAssignedIdentity{
		ID: s.ID, Name: name, Location: s.Location, Tags: s.Tags, IsolationScope: s.IsolationScope, AssignmentProviders: s.AssignmentProviders,
		TenantID: s.TenantID, PrincipalID: s.PrincipalID, ClientID: s.ClientID, CreatedAt: s.CreatedAt,
	}
	for i, c := range s.FederatedCredentials {
		if identity.federated == nil {
			identity.federated = map[string]*FederatedCredential{}
		}
		err := put(identity.federated, "name", c.Name, &FederatedCredential{
			Name: c.Name, Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, Expression: c.ClaimsMatchingExpression, CreatedAt: c.CreatedAt,
		})
		if err != nil {
			return fmt.Errorf("federatedIdentityCredentials[%d].%w", i, err)
		}
	}
	return put(r.world.identities, "id", s.ID, identity)
}

func (r restorer) roleDefinition(d RoleDefinition) error {
	if err := guids("id", d.GUID); err != nil {
		return err
	}
	if builtInRole(d.GUID) != nil {
		return fmt.Errorf("id: %q is a built-in role", d.GUID)
	}
	return put(r.world.roleDefinitions, "id", d.GUID, &d)
}

func (r restorer) roleAssignment(s RoleAssignmentState) error {
	assignment, err := r.readAssignment(s)
	if err != nil {
		return err
	}
	if r.world.roleAssignments.get(assignment.ID) != nil {
		return fmt.Errorf("id: there is another %q", s.ID)
	}
	r.world.roleAssignments.add(assignment)
	return nil
}

func (r restorer) deletedRoleAssignment(s RoleAssignmentState) error {
	assignment, err := r.readAssignment(s)
	if err != nil {
		return err
	}
	return put(r.world.deletedAssignments, "id", s.ID, assignment)
}

func (r restorer) readAssignment(s RoleAssignmentState) (*RoleAssignment, error) {
	prefix, name, found := cutAround(s.ID, "/providers/"+roleAssignments+"/")
	if !found || key(prefix) != key(s.Scope) {
		return nil, fmt.Errorf("id: %q is not the ID of a role assignment at %q", s.ID, s.Scope)
	}
	return &RoleAssignment{
		ID: s.ID, Name: name, Scope: s.Scope, RoleGUID: s.RoleID, PrincipalID: s.PrincipalID, PrincipalType: s.PrincipalType,
		Description: s.Description, Condition: s.Condition, ConditionVersion: s.ConditionVersion,

		DelegatedManagedIdentityResourceID: s.DelegatedManagedIdentityResourceID,

		CreatedOn: s.CreatedOn, UpdatedOn: s.UpdatedOn, CreatedBy: s.CreatedBy, UpdatedBy: s.UpdatedBy, GrantedAt: s.GrantedAt, DeletedAt: s.DeletedAt,
	}, guids("id", name, "principalId", s.PrincipalID, "roleId", s.RoleID)
}

// cutAround cuts a text around the last occurrence of a separator, which is compared without regard to case.
func cutAround(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(strings.ToLower(text), strings.ToLower(separator))
	if at < 0 {
		return "", "", false
	}
	return text[:at], text[at+len(separator):], true
}

func (r restorer) lock(s LockState) error {
	prefix, name, found := cutAround(s.ID, "/providers/Microsoft.Authorization/locks/")
	if !found || key(prefix) != key(s.Scope) || name == "" {
		return fmt.Errorf("id: %q is not the ID of a lock at %q", s.ID, s.Scope)
	}
	return put(r.world.locks, "id", s.ID, &Lock{ID: s.ID, Name: name, Scope: s.Scope, Level: s.Level, Notes: s.Notes})
}

func (r restorer) operation(o Operation) error {
	if err := guids("id", o.ID); err != nil {
		return err
	}
	if err := o.Outcome.check(); err != nil {
		return err
	}
	if !slices.Contains([]string{inProgress, succeeded, failed, canceled}, o.Status) {
		return fmt.Errorf("status: %q is none of %s, %s, %s and %s", o.Status, inProgress, succeeded, failed, canceled)
	}
	if !slices.Contains([]Effect{WriteHost, DeleteHost, DeleteGroup, UpgradeInstances, RollInstances}, o.Effect) {
		return fmt.Errorf("effect: there is no effect %q", o.Effect)
	}
	return put(r.world.operations, "id", o.ID, &o)
}
