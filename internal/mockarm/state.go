// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import "time"

// stateVersion is that of the format of a [State]. It grows when an older mock could not read the newer format.
const stateVersion = 1

// State is all that a world holds, without its secrets: to be looked at, and to be restored by [World.Restore]. Lists are
// sorted by the IDs of their items. What can be told from the rest (the name of a role, whether an attachment is dead) is
// there for the reader, and restored from the rest.
type State struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"` // by the world's clock

	Tenants          []TenantState          `json:"tenants"`
	ManagementGroups []ManagementGroupState `json:"managementGroups"`

	Subscriptions   []SubscriptionState   `json:"subscriptions"`
	ResourceGroups  []ResourceGroupState  `json:"resourceGroups"`
	Identities      []IdentityState       `json:"identities"`
	VirtualMachines []VirtualMachineState `json:"virtualMachines"`

	VirtualMachineScaleSets []ScaleSetState `json:"virtualMachineScaleSets"`

	// RoleDefinitions are the custom roles.
	RoleDefinitions []RoleDefinition      `json:"roleDefinitions"`
	RoleAssignments []RoleAssignmentState `json:"roleAssignments"`
	// DeletedRoleAssignments are those that parts of the service have not forgotten yet.
	DeletedRoleAssignments []RoleAssignmentState `json:"deletedRoleAssignments"`

	Locks      []LockState      `json:"locks"`
	Principals []PrincipalState `json:"principals"`

	// Issuers are the outside issuers of the seed.
	Issuers []IssuerState `json:"issuers"`
	// Operations are those that are in progress, and those that can still be polled.
	Operations []Operation `json:"operations"`
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
	Tags              map[string]string `json:"tags,omitzero"`
	ManagedBy         string            `json:"managedBy,omitempty"`
	ProvisioningState string            `json:"provisioningState"`
}

// IdentityState is a user-assigned identity in a [State].
type IdentityState struct {
	ID             string            `json:"id"`
	Location       string            `json:"location"`
	Tags           map[string]string `json:"tags,omitzero"`
	IsolationScope string            `json:"isolationScope,omitempty"`
	// AssignmentProviders are what the identity may be assigned to; none means all.
	AssignmentProviders []string  `json:"assignmentProviders,omitzero"`
	TenantID            string    `json:"tenantId"`
	PrincipalID         string    `json:"principalId"`
	ClientID            string    `json:"clientId"`
	CreatedAt           time.Time `json:"createdAt,omitzero"`

	FederatedCredentials []FederatedCredentialState `json:"federatedIdentityCredentials,omitempty"`
}

// FederatedCredentialState is a federated identity credential in a [State].
type FederatedCredentialState struct {
	Name                     string    `json:"name"`
	Issuer                   string    `json:"issuer"`
	Subject                  string    `json:"subject,omitempty"`
	Audience                 string    `json:"audience"`
	ClaimsMatchingExpression string    `json:"claimsMatchingExpression,omitempty"`
	CreatedAt                time.Time `json:"createdAt,omitzero"`
}

// HostState is what machines and scale sets have in common in a [State].
type HostState struct {
	ID                string            `json:"id"`
	Location          string            `json:"location"`
	Tags              map[string]string `json:"tags,omitzero"`
	Zones             []string          `json:"zones,omitzero"`
	Plan              map[string]any    `json:"plan,omitzero"`
	Properties        map[string]any    `json:"properties,omitzero"`
	ProvisioningState string            `json:"provisioningState"`
	Etag              int               `json:"etag"`
	HostIdentityState
	// OperationID is the write in progress, and PendingIdentity what the host will act as after it; nil where that changes
	// nothing.
	OperationID     string             `json:"operationId,omitempty"`
	PendingIdentity *HostIdentityState `json:"pendingIdentity,omitempty"`
}

// HostIdentityState is what a machine or a scale set can act as, in a [State].
type HostIdentityState struct {
	SystemAssigned *AttachmentState   `json:"systemAssigned,omitempty"`
	UserAssigned   []*AttachmentState `json:"userAssigned"`
}

// VirtualMachineState is a virtual machine in a [State].
type VirtualMachineState struct {
	HostState
	VMID string `json:"vmId"`
}

// ScaleSetState is a scale set in a [State].
type ScaleSetState struct {
	HostState
	UniqueID          string          `json:"uniqueId"`
	SKU               map[string]any  `json:"sku,omitzero"`
	OrchestrationMode string          `json:"orchestrationMode"`
	UpgradeMode       string          `json:"upgradeMode,omitempty"`
	Model             int             `json:"model"`
	Instances         []InstanceState `json:"instances"` // of a Uniform scale set
}

// InstanceState is an instance of a scale set in a [State].
type InstanceState struct {
	InstanceID         string            `json:"instanceId"`
	VMID               string            `json:"vmId"`
	Model              int               `json:"model"`
	LatestModelApplied bool              `json:"latestModelApplied"`
	Identity           HostIdentityState `json:"identity"`
}

// AttachmentState is an identity on a machine in a [State].
type AttachmentState struct {
	ID          string    `json:"id,omitempty"` // empty for the machine's own identity
	PrincipalID string    `json:"principalId"`
	ClientID    string    `json:"clientId"`
	TenantID    string    `json:"tenantId,omitempty"` // of the machine's own identity
	Since       time.Time `json:"since,omitzero"`
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

	CreatedOn time.Time `json:"createdOn,omitzero"`
	UpdatedOn time.Time `json:"updatedOn,omitzero"`
	CreatedBy string    `json:"createdBy,omitempty"`
	UpdatedBy string    `json:"updatedBy,omitempty"`
	// GrantedAt is when the grant was asked for, and DeletedAt when its end was.
	GrantedAt time.Time `json:"grantedAt,omitzero"`
	DeletedAt time.Time `json:"deletedAt,omitzero"`
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
	// ResourceID is the identity or the machine that the principal is of; only principals with one are restored, the others
	// are those of the seed.
	ResourceID string    `json:"resourceId,omitempty"`
	CreatedAt  time.Time `json:"createdAt,omitzero"`
}
