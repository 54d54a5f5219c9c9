// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Seed describes the world that a mock Azure begins with. In JSON the fields have the names in the tags; a field that is
// not known is an error. Whatever GUID is left out is derived from the name of the object that it belongs to, and so the
// same every time. A subscription or tenant may be left out wherever the seed has only one.
type Seed struct {
	// Operator is the application ID of the service principal whose credentials clients of the mock are given; the first
	// principal with a secret if left out.
	Operator        string              `json:"operator,omitempty"`
	Tenants         []SeedTenant        `json:"tenants"`
	Subscriptions   []SeedSubscription  `json:"subscriptions"`
	Principals      []SeedPrincipal     `json:"principals"`
	ResourceGroups  []SeedResourceGroup `json:"resourceGroups,omitempty"`
	Identities      []SeedIdentity      `json:"identities,omitempty"`
	VirtualMachines []SeedMachine       `json:"virtualMachines,omitempty"`

	VirtualMachineScaleSets []SeedScaleSet `json:"virtualMachineScaleSets,omitempty"`

	// Issuers are outside issuers by the names under which the mock hosts them; the mock has one for every other name, too,
	// with a URL of its own.
	Issuers []SeedIssuer `json:"issuers,omitempty"`

	RoleDefinitions []SeedRoleDefinition `json:"roleDefinitions,omitempty"`
	RoleAssignments []SeedRoleAssignment `json:"roleAssignments,omitempty"`

	ManagementGroups []SeedManagementGroup `json:"managementGroups,omitempty"`
	Locks            []SeedLock            `json:"locks,omitempty"`
}

// SeedTenant is a Microsoft Entra tenant.
type SeedTenant struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName,omitempty"`
}

// SeedSubscription is a subscription. The first one of a seed is that of the environment which clients are given.
type SeedSubscription struct {
	ID          string `json:"id"`
	Tenant      string `json:"tenant,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	// ManagementGroup is the name of the group that the subscription is in; the tenant's root group if left out.
	ManagementGroup string `json:"managementGroup,omitempty"`
	// RegisteredProviders are the namespaces that are registered in the subscription; if left out, all that the mock has.
	RegisteredProviders *[]string `json:"registeredProviders,omitempty"`
}

// SeedPrincipal is an object of the directory. Those of managed identities are made along with the identities.
type SeedPrincipal struct {
	ObjectID    string        `json:"objectId,omitempty"`
	AppID       string        `json:"appId,omitempty"`
	Tenant      string        `json:"tenant,omitempty"`
	DisplayName string        `json:"displayName"`
	Kind        PrincipalKind `json:"kind,omitempty"` // "ServicePrincipal" if left out, or "User" or "Group"
	Secret      string        `json:"secret,omitempty"`
	// Certificates are certificates or public keys in PEM, for client assertions.
	Certificates []string `json:"certificates,omitempty"`
}

// SeedResourceGroup is a resource group.
type SeedResourceGroup struct {
	Subscription string            `json:"subscription,omitempty"`
	Name         string            `json:"name"`
	Location     string            `json:"location"`
	Tags         map[string]string `json:"tags,omitempty"`
}

// SeedIdentity is a user-assigned managed identity. It stands where its resource group is unless Location says otherwise.
type SeedIdentity struct {
	Subscription  string            `json:"subscription,omitempty"`
	ResourceGroup string            `json:"resourceGroup"`
	Name          string            `json:"name"`
	Location      string            `json:"location,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
	PrincipalID   string            `json:"principalId,omitempty"`
	ClientID      string            `json:"clientId,omitempty"`

	FederatedCredentials []SeedFederatedCredential `json:"federatedIdentityCredentials,omitempty"`
}

// SeedFederatedCredential is a federated identity credential. It has a subject or an expression.
type SeedFederatedCredential struct {
	Name    string `json:"name"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject,omitempty"`
	// Audience is api://AzureADTokenExchange if left out.
	Audience                 string `json:"audience,omitempty"`
	ClaimsMatchingExpression string `json:"claimsMatchingExpression,omitempty"`
}

// SeedIssuer is an OpenID Connect issuer outside of Azure that the mock speaks for: it signs assertions under the issuer's
// URL, and its Entra trusts no other keys for it.
type SeedIssuer struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// SeedMachine is a virtual machine. It stands where its resource group is unless Location says otherwise.
type SeedMachine struct {
	Subscription  string            `json:"subscription,omitempty"`
	ResourceGroup string            `json:"resourceGroup"`
	Name          string            `json:"name"`
	Location      string            `json:"location,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
	VMID          string            `json:"vmId,omitempty"`
	// Properties are those of the resource; a small Linux machine if left out. Those of an instance of a Flexible scale set
	// name it, which the seed must have, too, under virtualMachineScaleSet.id.
	Properties map[string]any `json:"properties,omitempty"`
	// ProvisioningState is the state of the machine; Succeeded if left out.
	ProvisioningState string `json:"provisioningState,omitempty"`
	// SystemAssigned turns on the machine's own identity.
	SystemAssigned bool `json:"systemAssigned,omitempty"`
	// UserAssignedIdentities are the ARM IDs of attached identities, which the seed must have, too.
	UserAssignedIdentities []string `json:"userAssignedIdentities,omitempty"`
}

// SeedScaleSet is a virtual machine scale set. It stands where its resource group is unless Location says otherwise.
type SeedScaleSet struct {
	Subscription  string            `json:"subscription,omitempty"`
	ResourceGroup string            `json:"resourceGroup"`
	Name          string            `json:"name"`
	Location      string            `json:"location,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
	// OrchestrationMode is Uniform if left out, or Flexible.
	OrchestrationMode string `json:"orchestrationMode,omitempty"`
	// UpgradeMode is Manual if left out, or Automatic or Rolling.
	UpgradeMode string `json:"upgradeMode,omitempty"`
	// Capacity is how many instances a Uniform scale set has.
	Capacity int `json:"capacity,omitempty"`
	// ProvisioningState is the state of the scale set; Succeeded if left out.
	ProvisioningState string `json:"provisioningState,omitempty"`
	// SystemAssigned turns on the scale set's own identity.
	SystemAssigned bool `json:"systemAssigned,omitempty"`
	// UserAssignedIdentities are the ARM IDs of attached identities, which the seed must have, too.
	UserAssignedIdentities []string `json:"userAssignedIdentities,omitempty"`
}

// SeedRoleDefinition is a custom role.
type SeedRoleDefinition struct {
	ID               string       `json:"id,omitempty"` // the role's GUID
	Name             string       `json:"name"`
	Description      string       `json:"description,omitempty"`
	AssignableScopes []string     `json:"assignableScopes"`
	Permissions      []Permission `json:"permissions"`
}

// SeedRoleAssignment grants a role.
type SeedRoleAssignment struct {
	// Role is the name of a built-in role or of one in the seed.
	Role string `json:"role"`
	// Principal is an object ID, or the ARM ID of a user-assigned identity or of a machine with an identity of its own.
	Principal string `json:"principal"`
	// Scope is "/" or the ARM ID of a management group, a subscription, a resource group or a resource.
	Scope string `json:"scope"`
	// Name is the GUID of the assignment.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Condition is of version 2.0.
	Condition string `json:"condition,omitempty"`
}

func (s SeedRoleAssignment) conditionVersion() string {
	if s.Condition == "" {
		return ""
	}
	return "2.0"
}

// SeedManagementGroup is a management group. Those above it stand before it in the seed.
type SeedManagementGroup struct {
	Name        string `json:"name"`
	Tenant      string `json:"tenant,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	// Parent is the name of the group above; the tenant's root group, which needs no seed, if left out.
	Parent string `json:"parent,omitempty"`
}

// SeedLock is a management lock.
type SeedLock struct {
	Name string `json:"name"`
	// Scope is the ARM ID of a subscription, a resource group or a resource.
	Scope string    `json:"scope"`
	Level LockLevel `json:"level,omitempty"` // CanNotDelete if left out, or ReadOnly
	Notes string    `json:"notes,omitempty"`
}

// ReadSeed reads a seed in JSON. A field that is not known is an error.
func ReadSeed(r io.Reader) (Seed, error) {
	var seed Seed
	if err := readDocument(r, &seed); err != nil {
		return Seed{}, fmt.Errorf("reading the seed: %w", err)
	}
	return seed, nil
}

// readDocument reads one JSON document with known fields only, and nothing behind it.
func readDocument(r io.Reader, into any) error {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind its end")
	}
	return nil
}

// The GUIDs of the default world.
const (
	DefaultTenantID       = "11111111-1111-4111-8111-111111111111"
	DefaultSubscriptionID = "22222222-2222-4222-8222-222222222222"
	DefaultOperatorAppID  = "33333333-3333-4333-8333-333333333333"
	DefaultOperatorID     = "44444444-4444-4444-8444-444444444444"
	DefaultVMID           = "55555555-5555-4555-8555-555555555555"
)

// DefaultMachineID is the ARM ID of the default world's virtual machine.
const DefaultMachineID = "/subscriptions/" + DefaultSubscriptionID +
	"/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachines/vm-linux"

// DefaultSeed is the seed of the default world: a service principal that owns a subscription, and a resource group in it
// with a Linux machine that has no identity yet. The issuer "github" signs as GitHub Actions does.
func DefaultSeed() Seed {
	return Seed{
		Operator:      DefaultOperatorAppID,
		Tenants:       []SeedTenant{{ID: DefaultTenantID, DisplayName: "Mock Tenant"}},
		Subscriptions: []SeedSubscription{{ID: DefaultSubscriptionID, DisplayName: "Mock Subscription"}},
		Principals: []SeedPrincipal{{
			ObjectID: DefaultOperatorID, AppID: DefaultOperatorAppID, DisplayName: "operator", Secret: "mock-operator-secret",
		}},
		ResourceGroups:  []SeedResourceGroup{{Name: "DevTest", Location: "westus"}},
		VirtualMachines: []SeedMachine{{ResourceGroup: "DevTest", Name: "vm-linux", VMID: DefaultVMID}},
		RoleAssignments: []SeedRoleAssignment{{
			Role: "Owner", Principal: DefaultOperatorID, Scope: "/subscriptions/" + DefaultSubscriptionID,
		}},
		Issuers: []SeedIssuer{{Name: "github", URL: "https://token.actions.githubusercontent.com"}},
	}
}

// DefaultWorld makes the world of [DefaultSeed].
func DefaultWorld(clock *Clock) *World {
	w, err := NewWorld(DefaultSeed(), clock)
	if err != nil {
		panic("mockarm: the default seed: " + err.Error()) // Cannot happen: a test loads it.
	}
	return w
}
