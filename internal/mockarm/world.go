// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto"
	"strings"
	"sync"
	"time"
)

// World is the state of the mock Azure: everything that its services remember.
//
// All maps are keyed by [key] of the object's ARM ID or by its lower-case GUID, because ARM compares both without regard
// to case. Values keep the spelling in which they were written. Whoever reads or changes a World holds its lock; the
// front door takes it for the whole of a request, so that a service never sees half of another's change.
type World struct {
	mu       sync.Mutex
	clock    *Clock
	settings Settings
	seed     Seed   // what [World.Reset] goes back to
	salt     string // what the GUIDs of this world's new objects have in common
	operator string // object ID of the principal whose credentials clients are given
	version  int64  // grows with every change

	serials map[string]int // how many GUIDs have been made, by what they are for

	contents
}

// contents are the objects of a world.
type contents struct {
	tenants         map[string]*Tenant
	principals      map[string]*Principal // by object ID
	subscriptions   map[string]*Subscription
	resourceGroups  map[string]*ResourceGroup
	identities      map[string]*UserAssignedIdentity
	machines        map[string]*VirtualMachine
	scaleSets       map[string]*ScaleSet
	issuers         map[string]string          // names of the outside issuers of the seed, by their URLs
	roleDefinitions map[string]*RoleDefinition // custom ones, by role GUID; the built-in ones are a table
	roleAssignments *assignmentStore
	// deletedAssignments are those that have not been forgotten everywhere yet.
	deletedAssignments map[string]*RoleAssignment
	managementGroups   map[string]*ManagementGroup
	locks              map[string]*Lock

	operations map[string]*Operation // by operation GUID

	identityOrder, machineOrder, scaleSetOrder order
}

// key is the form under which an ARM ID or a GUID is stored and found: ARM IDs are compared without regard to case
// (ARM RPC, common-api-details.md).
func key(id string) string { return strings.ToLower(strings.TrimSuffix(id, "/")) }

// Tenant is a Microsoft Entra tenant.
type Tenant struct {
	ID          string
	DisplayName string
}

// PrincipalKind tells what a principal is in the directory, in the words of a role assignment's principalType.
type PrincipalKind string

// The kinds of principals that the mock knows.
const (
	ServicePrincipal PrincipalKind = "ServicePrincipal"
	User             PrincipalKind = "User"
	Group            PrincipalKind = "Group"
)

// Principal is an object of the directory that can be granted a role. Those with an application ID can ask for tokens.
type Principal struct {
	ObjectID    string
	AppID       string // the client ID; empty for users and groups
	TenantID    string
	DisplayName string
	Kind        PrincipalKind
	Secret      string             // a client secret; empty for managed identities, which have none
	Keys        []crypto.PublicKey // of the certificates that the application signs client assertions with
	ResourceID  string             // of a managed identity: the identity, or the machine that it is the system-assigned one of
	CreatedAt   time.Time          // a new principal takes a while to be known everywhere in the directory
}

// Subscription is an Azure subscription and the resource providers that are registered in it.
type Subscription struct {
	ID          string
	TenantID    string
	DisplayName string
	Registered  map[string]bool // lower-case namespaces
	// ManagementGroup is the ID of the management group that the subscription is in.
	ManagementGroup string
}

// ResourceGroup is a resource group.
type ResourceGroup struct {
	ID                string
	Name              string
	SubscriptionID    string
	Location          string
	Tags              map[string]string
	ManagedBy         string
	ProvisioningState string
}

// UserAssignedIdentity is a Microsoft.ManagedIdentity/userAssignedIdentities resource. Its principal lives in the
// directory under PrincipalID.
type UserAssignedIdentity struct {
	ID             string // as the service spells it: with a lower-case "resourcegroups"
	Name           string
	Location       string
	Tags           map[string]string
	IsolationScope string // "None" or "Regional"; "" counts as "None"
	// AssignmentProviders are the resource providers, or types of them, that the identity may be assigned to; none means all.
	AssignmentProviders []string
	TenantID            string
	PrincipalID         string
	ClientID            string
	CreatedAt           time.Time                       // zero for those of a seed
	federated           map[string]*FederatedCredential // by [key] of the name
	federating          bool                            // while one of them is being written
}

// RoleDefinition is a Microsoft.Authorization/roleDefinitions resource.
type RoleDefinition struct {
	GUID             string       `json:"id"`
	RoleName         string       `json:"roleName"`
	Description      string       `json:"description,omitempty"`
	Type             string       `json:"type"` // "BuiltInRole" or "CustomRole"
	AssignableScopes []string     `json:"assignableScopes"`
	Permissions      []Permission `json:"permissions"`
	CreatedOn        time.Time    `json:"createdOn,omitzero"`
	UpdatedOn        time.Time    `json:"updatedOn,omitzero"`
	CreatedBy        string       `json:"createdBy,omitempty"`
	UpdatedBy        string       `json:"updatedBy,omitempty"`
}

// Permission is what a role allows, less what it takes back. Entries may hold wildcards.
type Permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// RoleAssignment is a Microsoft.Authorization/roleAssignments resource.
type RoleAssignment struct {
	ID                                 string
	Name                               string
	Scope                              string // "/" for the root
	RoleGUID                           string
	PrincipalID                        string
	PrincipalType                      string
	Description                        string
	Condition                          string
	ConditionVersion                   string
	DelegatedManagedIdentityResourceID string
	CreatedOn, UpdatedOn               time.Time
	CreatedBy, UpdatedBy               string
	GrantedAt                          time.Time // when the grant was asked for; zero for those of a seed
	DeletedAt                          time.Time // zero for those that are there
}
