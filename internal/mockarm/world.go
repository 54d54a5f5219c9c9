// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
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
	operator string // object ID of the principal whose credentials clients are given

	tenants         map[string]*Tenant
	principals      map[string]*Principal // by object ID
	subscriptions   map[string]*Subscription
	resourceGroups  map[string]*ResourceGroup
	identities      map[string]*UserAssignedIdentity
	machines        map[string]*VirtualMachine
	roleDefinitions map[string]*RoleDefinition // custom ones, by role GUID; the built-in ones are a table
	roleAssignments map[string]*RoleAssignment
	operations      map[string]*Operation // by operation GUID
}

// key is the form under which an ARM ID or a GUID is stored and found: ARM IDs are compared without regard to case
// (ARM RPC, common-api-details.md).
func key(id string) string { return strings.ToLower(strings.TrimSuffix(id, "/")) }

// Settings are the parts of Azure's behaviour that a test wants quicker, slower or smaller. The zero value of each is
// its default.
type Settings struct {
	// OperationDuration is how long a write to a machine or the deletion of a resource group takes; two seconds by default.
	OperationDuration time.Duration
	// RetryAfter is the pause that the service asks of those who poll an operation; one second by default. Azure counts in
	// whole seconds; a shorter pause is sent as retry-after-ms, which the SDKs know, too.
	RetryAfter time.Duration
	// DirectoryDelay is how long a new principal is unknown to Microsoft.Authorization, unless a role assignment tells the
	// principal's type.
	DirectoryDelay time.Duration
	// PageSize is how many items a page of a list holds; a thousand by default.
	PageSize int
	// RoleAssignmentLimit is how many role assignments a subscription holds; 4000 by default.
	RoleAssignmentLimit int
}

// Configure changes the settings.
func (w *World) Configure(change func(*Settings)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.settings)
}

func (s Settings) operationDuration() time.Duration {
	return cmp.Or(s.OperationDuration, 2*time.Second)
}

func (s Settings) retryAfter() time.Duration { return cmp.Or(s.RetryAfter, time.Second) }

func (s Settings) pageSize() int { return cmp.Or(s.PageSize, 1000) }

func (s Settings) roleAssignmentLimit() int { return cmp.Or(s.RoleAssignmentLimit, 4000) }

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
}

// VirtualMachine is a Microsoft.Compute/virtualMachines resource.
type VirtualMachine struct {
	ID                string
	VMID              string // properties.vmId, a GUID
	Name              string
	SubscriptionID    string
	ResourceGroup     string
	Location          string
	Tags              map[string]string
	Zones             []string
	Plan              map[string]any // of the image's publisher
	Properties        map[string]any // the rest of what the caller wrote, given back as it came
	ProvisioningState string
	Etag              int

	// SystemAssigned is the machine's own identity, nil while it is off.
	SystemAssigned *MachineIdentity
	// UserAssigned are the attached identities by [key] of their ID.
	UserAssigned map[string]*Attachment
	// OperationID is the write in progress; Compute allows one at a time.
	OperationID string
	// pending is the identity that the write in progress will leave the machine with; nil where it changes none.
	pending *machineIdentity
}

// MachineIdentity is a system-assigned identity.
type MachineIdentity struct {
	PrincipalID string
	ClientID    string
	TenantID    string
}

// Attachment is a user-assigned identity on a machine. The GUIDs are those of the identity at the time it was attached:
// an identity that is deleted and made again under its name leaves a dead entry behind (arm-contracts: the service does
// not detach, and does not notice).
type Attachment struct {
	ID          string // in the casing of its first writer
	PrincipalID string
	ClientID    string
}

// RoleDefinition is a Microsoft.Authorization/roleDefinitions resource.
type RoleDefinition struct {
	GUID             string
	RoleName         string
	Description      string
	Type             string // "BuiltInRole" or "CustomRole"
	AssignableScopes []string
	Permissions      []Permission

	CreatedOn, UpdatedOn time.Time
	CreatedBy, UpdatedBy string
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
}

// Operation is a long-running operation, polled at its Azure-AsyncOperation URL.
type Operation struct {
	ID        string
	TargetID  string // of the resource that it changes
	StartTime time.Time
	EndTime   time.Time // when it ends, or ended
	Status    string    // "InProgress", "Succeeded", "Failed" or "Canceled"
	Code      string    // of the error, when it failed
	Message   string
	// complete is what the operation does to the world when its time has come.
	complete func(*World)
}
