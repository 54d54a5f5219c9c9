// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"slices"
	"strconv"
)

// State is a snapshot of a world, without its secrets. Lists are sorted by the IDs of their items.
type State struct {
	Tenants          []TenantState          `json:"tenants"`
	ManagementGroups []ManagementGroupState `json:"managementGroups"`

	Subscriptions   []SubscriptionState   `json:"subscriptions"`
	ResourceGroups  []ResourceGroupState  `json:"resourceGroups"`
	Identities      []IdentityState       `json:"identities"`
	VirtualMachines []VirtualMachineState `json:"virtualMachines"`

	VirtualMachineScaleSets []ScaleSetState `json:"virtualMachineScaleSets"`

	RoleAssignments []RoleAssignmentState `json:"roleAssignments"`
	Locks           []LockState           `json:"locks"`
	Principals      []PrincipalState      `json:"principals"`

	// Issuers are the outside issuers of the seed.
	Issuers []IssuerState `json:"issuers"`
}

// TenantState is a tenant in a [State].
type TenantState struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// ManagementGroupState is a management group in a [State].
type ManagementGroupState struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Parent      string `json:"parent,omitempty"` // ID of the group above
}

// IssuerState is an OpenID Connect issuer outside of Azure in a [State].
type IssuerState struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// SubscriptionState is a subscription in a [State].
type SubscriptionState struct {
	ID                  string   `json:"id"`
	TenantID            string   `json:"tenantId"`
	DisplayName         string   `json:"displayName"`
	RegisteredProviders []string `json:"registeredProviders"`
	// ManagementGroup is the ID of the one that the subscription is in.
	ManagementGroup string `json:"managementGroup"`
}

// ResourceGroupState is a resource group in a [State].
type ResourceGroupState struct {
	ID                string            `json:"id"`
	Location          string            `json:"location"`
	Tags              map[string]string `json:"tags,omitempty"`
	ProvisioningState string            `json:"provisioningState"`
}

// IdentityState is a user-assigned identity in a [State].
type IdentityState struct {
	ID             string            `json:"id"`
	Location       string            `json:"location"`
	Tags           map[string]string `json:"tags,omitempty"`
	IsolationScope string            `json:"isolationScope,omitempty"`
	TenantID       string            `json:"tenantId"`
	PrincipalID    string            `json:"principalId"`
	ClientID       string            `json:"clientId"`

	FederatedCredentials []FederatedCredentialState `json:"federatedIdentityCredentials,omitempty"`
}

// FederatedCredentialState is a federated identity credential in a [State].
type FederatedCredentialState struct {
	Name                     string `json:"name"`
	Issuer                   string `json:"issuer"`
	Subject                  string `json:"subject,omitempty"`
	Audience                 string `json:"audience"`
	ClaimsMatchingExpression string `json:"claimsMatchingExpression,omitempty"`
}

// VirtualMachineState is a virtual machine in a [State].
type VirtualMachineState struct {
	ID                string             `json:"id"`
	Location          string             `json:"location"`
	Tags              map[string]string  `json:"tags,omitempty"`
	ProvisioningState string             `json:"provisioningState"`
	Etag              int                `json:"etag"`
	SystemAssigned    *AttachmentState   `json:"systemAssigned,omitempty"`
	UserAssigned      []*AttachmentState `json:"userAssigned"`
}

// ScaleSetState is a scale set in a [State].
type ScaleSetState struct {
	ID                string             `json:"id"`
	Location          string             `json:"location"`
	Tags              map[string]string  `json:"tags,omitempty"`
	OrchestrationMode string             `json:"orchestrationMode"`
	UpgradeMode       string             `json:"upgradeMode,omitempty"`
	ProvisioningState string             `json:"provisioningState"`
	Etag              int                `json:"etag"`
	SystemAssigned    *AttachmentState   `json:"systemAssigned,omitempty"`
	UserAssigned      []*AttachmentState `json:"userAssigned"`
	Instances         []InstanceState    `json:"instances"` // of a Uniform scale set
}

// InstanceState is an instance of a scale set in a [State].
type InstanceState struct {
	InstanceID         string `json:"instanceId"`
	LatestModelApplied bool   `json:"latestModelApplied"`
}

// AttachmentState is an identity on a machine in a [State].
type AttachmentState struct {
	ID          string `json:"id,omitempty"` // empty for the machine's own identity
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
	// Dead tells that the identity is not there any more, or is another one under the old name.
	Dead bool `json:"dead,omitempty"`
}

// RoleAssignmentState is a role assignment in a [State].
type RoleAssignmentState struct {
	ID            string `json:"id"`
	Scope         string `json:"scope"`
	RoleName      string `json:"roleName"`
	RoleID        string `json:"roleId"` // the role's GUID
	PrincipalID   string `json:"principalId"`
	PrincipalType string `json:"principalType,omitempty"`
	Description   string `json:"description,omitempty"`
	Condition     string `json:"condition,omitempty"`
	// ConditionVersion is that of the condition's language.
	ConditionVersion string `json:"conditionVersion,omitempty"`

	DelegatedManagedIdentityResourceID string `json:"delegatedManagedIdentityResourceId,omitempty"`
	// Orphan tells that the principal is not in the directory any more.
	Orphan bool `json:"orphan,omitempty"`
}

// LockState is a management lock in a [State].
type LockState struct {
	ID    string    `json:"id"`
	Scope string    `json:"scope"`
	Level LockLevel `json:"level"`
	Notes string    `json:"notes,omitempty"`
}

// PrincipalState is an object of the directory in a [State].
type PrincipalState struct {
	ObjectID    string        `json:"objectId"`
	AppID       string        `json:"appId,omitempty"`
	TenantID    string        `json:"tenantId"`
	DisplayName string        `json:"displayName"`
	Kind        PrincipalKind `json:"kind"`
	ResourceID  string        `json:"resourceId,omitempty"`
}

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

// state is State for who holds the world's lock.
func (w *World) state() State {
	return State{
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
			return ResourceGroupState{ID: g.ID, Location: g.Location, Tags: maps.Clone(g.Tags), ProvisioningState: g.ProvisioningState}
		}),
		Identities: snapshot(w.identities, func(i *UserAssignedIdentity) IdentityState {
			return IdentityState{
				ID: i.ID, Location: i.Location, Tags: maps.Clone(i.Tags), IsolationScope: i.IsolationScope,
				TenantID: i.TenantID, PrincipalID: i.PrincipalID, ClientID: i.ClientID,
				FederatedCredentials: snapshot(i.federated, func(c *FederatedCredential) FederatedCredentialState {
					return FederatedCredentialState{Name: c.Name, Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, ClaimsMatchingExpression: c.Expression}
				}),
			}
		}),
		VirtualMachines:         snapshot(w.machines, w.machineState),
		VirtualMachineScaleSets: snapshot(w.scaleSets, w.scaleSetState),
		RoleAssignments: snapshot(w.roleAssignments, func(a *RoleAssignment) RoleAssignmentState {
			state := RoleAssignmentState{
				ID: a.ID, Scope: a.Scope, RoleID: a.RoleGUID, PrincipalID: a.PrincipalID, PrincipalType: a.PrincipalType,
				Description: a.Description, Condition: a.Condition, ConditionVersion: a.ConditionVersion,

				DelegatedManagedIdentityResourceID: a.DelegatedManagedIdentityResourceID,
				Orphan:                             w.principals[key(a.PrincipalID)] == nil,
			}
			if role := w.roleDefinition(a.RoleGUID); role != nil {
				state.RoleName = role.RoleName
			}
			return state
		}),
		Locks: snapshot(w.locks, func(l *Lock) LockState {
			return LockState{ID: l.ID, Scope: l.Scope, Level: l.Level, Notes: l.Notes}
		}),
		Principals: snapshot(w.principals, func(p *Principal) PrincipalState {
			return PrincipalState{
				ObjectID: p.ObjectID, AppID: p.AppID, TenantID: p.TenantID, DisplayName: p.DisplayName, Kind: p.Kind, ResourceID: p.ResourceID,
			}
		}),
		Issuers: w.issuerStates(),
	}
}

func (w *World) machineState(vm *VirtualMachine) VirtualMachineState {
	own, attached := w.identityState(&vm.Host)
	return VirtualMachineState{
		ID: vm.ID, Location: vm.Location, Tags: maps.Clone(vm.Tags), ProvisioningState: vm.ProvisioningState, Etag: vm.Etag,
		SystemAssigned: own, UserAssigned: attached,
	}
}

func (w *World) scaleSetState(set *ScaleSet) ScaleSetState {
	own, attached := w.identityState(&set.Host)
	state := ScaleSetState{
		ID: set.ID, Location: set.Location, Tags: maps.Clone(set.Tags), ProvisioningState: set.ProvisioningState, Etag: set.Etag,
		OrchestrationMode: set.orchestrationMode(), UpgradeMode: set.upgradeMode(),
		SystemAssigned: own, UserAssigned: attached, Instances: []InstanceState{},
	}
	for _, instance := range set.Instances {
		state.Instances = append(state.Instances, InstanceState{InstanceID: instance.ID, LatestModelApplied: instance.Model == set.Model})
	}
	return state
}

// identityState tells what a host can act as.
func (w *World) identityState(h *Host) (own *AttachmentState, attached []*AttachmentState) {
	if identity := h.SystemAssigned; identity != nil {
		own = &AttachmentState{PrincipalID: identity.PrincipalID, ClientID: identity.ClientID}
	}
	return own, snapshot(h.UserAssigned, func(a *Attachment) *AttachmentState {
		_, refusal := w.userAssigned(a)
		return &AttachmentState{ID: a.ID, PrincipalID: a.PrincipalID, ClientID: a.ClientID, Dead: refusal != ""}
	})
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
