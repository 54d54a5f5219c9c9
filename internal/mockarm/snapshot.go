// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"slices"
	"strconv"
)

// State takes a snapshot of the world as it is now: operations whose time has come have ended.
func (w *World) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	return w.state()
}

// stateAfter takes a snapshot for somebody who has that of a version already: none if it is still the newest.
func (w *World) stateAfter(version string) (state *State, newest string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	if newest = strconv.FormatInt(w.version, 10); newest == version {
		return nil, newest
	}
	return new(w.state()), newest
}

// newest is the version of the world as it is now.
func (w *World) newest() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	return w.version
}

// state is State for who holds the world's lock.
func (w *World) state() State {
	return State{
		Version: stateVersion,
		Time:    w.clock.Now(),
		Tenants: snapshot(w.tenants, func(t *Tenant) TenantState { return TenantState{ID: t.ID, DisplayName: t.DisplayName} }),
		ManagementGroups: snapshot(w.managementGroups, func(g *ManagementGroup) ManagementGroupState {
			return ManagementGroupState{ID: g.ID, DisplayName: g.DisplayName, Parent: g.Parent}
		}),
		Subscriptions: snapshot(w.subscriptions, func(s *Subscription) SubscriptionState {
			return SubscriptionState{
				ID: s.ID, TenantID: s.TenantID, DisplayName: s.DisplayName, RegisteredProviders: registeredProviders(s), ManagementGroup: s.ManagementGroup,
			}
		}),
		ResourceGroups: snapshot(w.resourceGroups, func(g *ResourceGroup) ResourceGroupState {
			return ResourceGroupState{
				ID: g.ID, Location: g.Location, Tags: maps.Clone(g.Tags), ManagedBy: g.ManagedBy, ProvisioningState: g.ProvisioningState,
			}
		}),
		Identities:              snapshot(w.identities, (*UserAssignedIdentity).state),
		VirtualMachines:         snapshot(w.machines, w.machineState),
		VirtualMachineScaleSets: snapshot(w.scaleSets, w.scaleSetState),
		RoleDefinitions:         snapshot(w.roleDefinitions, func(d *RoleDefinition) RoleDefinition { return *d }),
		RoleAssignments:         snapshot(w.roleAssignments.byID, w.assignmentState),
		DeletedRoleAssignments:  snapshot(w.deletedAssignments, w.assignmentState),
		Locks: snapshot(w.locks, func(l *Lock) LockState {
			return LockState{ID: l.ID, Scope: l.Scope, Level: l.Level, Notes: l.Notes}
		}),
		Principals: snapshot(w.principals, func(p *Principal) PrincipalState {
			return PrincipalState{
				ObjectID: p.ObjectID, AppID: p.AppID, TenantID: p.TenantID, DisplayName: p.DisplayName, Kind: p.Kind,
				ResourceID: p.ResourceID, CreatedAt: p.CreatedAt,
			}
		}),
		Issuers:    w.issuerStates(),
		Operations: snapshot(w.operations, func(o *Operation) Operation { return *o }),
	}
}

func (i *UserAssignedIdentity) state() IdentityState {
	return IdentityState{
		ID: i.ID, Location: i.Location, Tags: maps.Clone(i.Tags), IsolationScope: i.IsolationScope, AssignmentProviders: slices.Clone(i.AssignmentProviders),
		TenantID: i.TenantID, PrincipalID: i.PrincipalID, ClientID: i.ClientID, CreatedAt: i.CreatedAt,
		FederatedCredentials: snapshot(i.federated, func(c *FederatedCredential) FederatedCredentialState {
			return FederatedCredentialState{
				Name: c.Name, Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, ClaimsMatchingExpression: c.Expression, CreatedAt: c.CreatedAt,
			}
		}),
	}
}

func (w *World) assignmentState(a *RoleAssignment) RoleAssignmentState {
	state := RoleAssignmentState{
		ID: a.ID, Scope: a.Scope, RoleID: a.RoleGUID, PrincipalID: a.PrincipalID, PrincipalType: a.PrincipalType,
		Description: a.Description, Condition: a.Condition, ConditionVersion: a.ConditionVersion,

		DelegatedManagedIdentityResourceID: a.DelegatedManagedIdentityResourceID,

		CreatedOn: a.CreatedOn, UpdatedOn: a.UpdatedOn, CreatedBy: a.CreatedBy, UpdatedBy: a.UpdatedBy, GrantedAt: a.GrantedAt, DeletedAt: a.DeletedAt,
		Orphan: w.principals[key(a.PrincipalID)] == nil,
	}
	if role := w.roleDefinition(a.RoleGUID); role != nil {
		state.RoleName = role.RoleName
	}
	return state
}

func (w *World) hostState(h *Host) HostState {
	state := HostState{
		ID: h.ID, Location: h.Location, Tags: maps.Clone(h.Tags), Zones: slices.Clone(h.Zones), Plan: cloneJSON(h.Plan),
		Properties: cloneJSON(h.Properties), ProvisioningState: h.ProvisioningState, Etag: h.Etag,
		HostIdentityState: w.identityState(h.identity()), OperationID: h.OperationID,
	}
	if h.pending != nil {
		state.PendingIdentity = new(w.identityState(*h.pending))
	}
	return state
}

func (w *World) machineState(vm *VirtualMachine) VirtualMachineState {
	return VirtualMachineState{HostState: w.hostState(&vm.Host), VMID: vm.VMID}
}

func (w *World) scaleSetState(set *ScaleSet) ScaleSetState {
	state := ScaleSetState{
		HostState: w.hostState(&set.Host), UniqueID: set.UniqueID, SKU: cloneJSON(set.SKU),
		OrchestrationMode: set.orchestrationMode(), UpgradeMode: set.upgradeMode(), Model: set.Model, Instances: []InstanceState{},
	}
	for _, instance := range set.Instances {
		state.Instances = append(state.Instances, InstanceState{
			InstanceID: instance.ID, VMID: instance.VMID, Model: instance.Model, LatestModelApplied: instance.Model == set.Model,
			Identity: w.identityState(instance.identity),
		})
	}
	return state
}

// identityState tells what a host can act as.
func (w *World) identityState(identity machineIdentity) HostIdentityState {
	state := HostIdentityState{UserAssigned: snapshot(identity.user, func(a *Attachment) *AttachmentState {
		_, refusal := w.userAssigned(a)
		return &AttachmentState{ID: a.ID, PrincipalID: a.PrincipalID, ClientID: a.ClientID, Since: a.Since, Dead: refusal != ""}
	})}
	if own := identity.system; own != nil {
		state.SystemAssigned = &AttachmentState{PrincipalID: own.PrincipalID, ClientID: own.ClientID, TenantID: own.TenantID, Since: own.Since}
	}
	return state
}

func (w *World) issuerStates() []IssuerState {
	states := []IssuerState{}
	for _, url := range slices.Sorted(maps.Keys(w.issuers)) {
		states = append(states, IssuerState{Name: w.issuers[url], URL: url})
	}
	return states
}

// registeredProviders are the namespaces registered in a subscription, in their own spelling.
func registeredProviders(s *Subscription) []string {
	names := []string{}
	for _, service := range services() {
		if s.Registered[key(service.namespace)] {
			names = append(names, service.namespace)
		}
	}
	return names
}

// snapshot describes the objects of a map in the order of their keys.
func snapshot[T, S any](objects map[string]*T, describe func(*T) S) []S {
	list := make([]S, 0, len(objects))
	for _, id := range slices.Sorted(maps.Keys(objects)) {
		list = append(list, describe(objects[id]))
	}
	return list
}
