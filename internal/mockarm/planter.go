// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"
)

// NewWorld makes a world of a seed. Whatever is wrong with the seed is an error that names the place.
func NewWorld(seed Seed, clock *Clock) (*World, error) {
	// The first version is not that of an earlier process at the same address.
	w := &World{clock: clock, version: time.Now().UnixNano()}
	if err := w.plant(seed); err != nil {
		return nil, fmt.Errorf("planting the seed: %w", err)
	}
	return w, nil
}

// Reset brings the world back to its seed. The clock goes on: time that tokens have seen cannot be taken back.
func (w *World) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.plant(w.seed); err != nil {
		panic("mockarm: planting the seed once more: " + err.Error()) // Cannot happen: it has been planted before.
	}
}

// Operator is the service principal whose credentials clients of the mock are given, with its secret.
func (w *World) Operator() Principal {
	w.mu.Lock()
	defer w.mu.Unlock()
	if principal := w.principals[key(w.operator)]; principal != nil {
		return *principal
	}
	return Principal{}
}

// plant replaces everything in the world by what the seed says.
func (w *World) plant(seed Seed) error {
	w.contents = contents{
		tenants:            map[string]*Tenant{},
		principals:         map[string]*Principal{},
		subscriptions:      map[string]*Subscription{},
		resourceGroups:     map[string]*ResourceGroup{},
		identities:         map[string]*UserAssignedIdentity{},
		machines:           map[string]*VirtualMachine{},
		scaleSets:          map[string]*ScaleSet{},
		issuers:            map[string]string{},
		roleDefinitions:    map[string]*RoleDefinition{},
		roleAssignments:    newAssignmentStore(),
		deletedAssignments: map[string]*RoleAssignment{},
		managementGroups:   map[string]*ManagementGroup{},
		locks:              map[string]*Lock{},
		operations:         map[string]*Operation{},
	}
	w.serials = map[string]int{}
	w.salt = newGUID()
	w.version++
	p := planter{world: w, seed: seed}
	err := errors.Join(
		each("tenants", seed.Tenants, p.tenant),
		each("managementGroups", seed.ManagementGroups, p.managementGroup),
		each("subscriptions", seed.Subscriptions, p.subscription),
		each("principals", seed.Principals, p.principal),
		each("resourceGroups", seed.ResourceGroups, p.resourceGroup),
		each("issuers", seed.Issuers, p.issuer),
		each("identities", seed.Identities, p.identity),
		each("virtualMachineScaleSets", seed.VirtualMachineScaleSets, p.scaleSet),
		each("virtualMachines", seed.VirtualMachines, p.machine),
		each("roleDefinitions", seed.RoleDefinitions, p.roleDefinition),
		each("roleAssignments", seed.RoleAssignments, p.roleAssignment),
		each("locks", seed.Locks, p.lock),
		p.operator(),
	)
	if err != nil {
		return err
	}
	w.seed = seed
	return nil
}

// each plants the items of a list, and says of an error which item it is about.
func each[T any](list string, items []T, plant func(T) error) error {
	var all []error
	for i, item := range items {
		if err := plant(item); err != nil {
			all = append(all, fmt.Errorf("%s[%d].%w", list, i, err))
		}
	}
	return errors.Join(all...)
}

// A planter puts the objects of a seed into a world. Errors begin with the name of the field that they are about.
type planter struct {
	world *World
	seed  Seed
}

// put stores an object unless its key is taken.
func put[T any](objects map[string]*T, field, id string, object *T) error {
	if objects[key(id)] != nil {
		return fmt.Errorf("%s: there is another %q", field, id)
	}
	objects[key(id)] = object
	return nil
}

// guid checks a GUID of the seed, or derives it from what it stands for.
func guid(field, value string, of ...string) (string, error) {
	if value == "" && len(of) > 0 {
		return derivedGUID(strings.Join(of, ":")), nil
	}
	// Only the form with dashes is one of Azure's.
	if len(value) != 36 || uuid.Validate(value) != nil {
		return "", fmt.Errorf("%s: %q is not a GUID", field, value)
	}
	return value, nil
}

func (p planter) tenant(t SeedTenant) error {
	id, err := guid("id", t.ID)
	if err != nil {
		return err
	}
	if err := put(p.world.tenants, "id", id, &Tenant{ID: id, DisplayName: cmp.Or(t.DisplayName, id)}); err != nil {
		return err
	}
	return p.rootManagementGroup(id)
}

// tenantID is that of a tenant of the seed: the only one where none is named.
func (p planter) tenantID(named string) (string, error) {
	if named == "" && len(p.seed.Tenants) == 1 {
		named = p.seed.Tenants[0].ID
	}
	if tenant := p.world.tenants[key(named)]; tenant != nil {
		return tenant.ID, nil
	}
	return "", fmt.Errorf("tenant: there is no tenant %q in the seed", named)
}

func (p planter) subscription(s SeedSubscription) error {
	id, err := guid("id", s.ID)
	if err != nil {
		return err
	}
	tenantID, err := p.tenantID(s.Tenant)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, service := range services() {
		known[strings.ToLower(service.namespace)] = true
	}
	registered := maps.Clone(known)
	if s.RegisteredProviders != nil {
		clear(registered)
		for _, namespace := range *s.RegisteredProviders {
			if !known[strings.ToLower(namespace)] {
				return fmt.Errorf("registeredProviders: the mock has no resource provider %q", namespace)
			}
			registered[strings.ToLower(namespace)] = true
		}
	}
	group, err := p.managementGroupAbove("managementGroup", cmp.Or(s.ManagementGroup, tenantID))
	if err != nil {
		return err
	}
	return put(p.world.subscriptions, "id", id, &Subscription{
		ManagementGroup: group, ID: id, TenantID: tenantID, DisplayName: cmp.Or(s.DisplayName, id), Registered: registered,
	})
}

// subscriptionOf is a subscription of the seed: the only one where none is named.
func (p planter) subscriptionOf(named string) (*Subscription, error) {
	if named == "" && len(p.seed.Subscriptions) == 1 {
		named = p.seed.Subscriptions[0].ID
	}
	if subscription := p.world.subscriptions[key(named)]; subscription != nil {
		return subscription, nil
	}
	return nil, fmt.Errorf("subscription: there is no subscription %q in the seed", named)
}

func (p planter) principal(s SeedPrincipal) error {
	tenantID, err := p.tenantID(s.Tenant)
	if err != nil {
		return err
	}
	kind := cmp.Or(s.Kind, ServicePrincipal)
	if kind != ServicePrincipal && kind != User && kind != Group {
		return fmt.Errorf("kind: %q is none of %s, %s and %s", kind, ServicePrincipal, User, Group)
	}
	if s.DisplayName == "" {
		return errors.New("displayName: a principal needs one")
	}
	objectID, err := guid("objectId", s.ObjectID, "principal", tenantID, s.DisplayName)
	if err != nil {
		return err
	}
	principal := &Principal{
		ObjectID: objectID, TenantID: tenantID, DisplayName: s.DisplayName, Kind: kind, Secret: s.Secret,
	}
	if kind != ServicePrincipal && s.AppID+s.Secret+strings.Join(s.Certificates, "") != "" {
		return fmt.Errorf("appId: a %s has no application, secret or certificate", kind)
	}
	if kind == ServicePrincipal {
		if principal.AppID, err = guid("appId", s.AppID, "application", tenantID, s.DisplayName); err != nil {
			return err
		}
		if p.world.application(principal.AppID, tenantID) != nil {
			return fmt.Errorf("appId: there is another %q in the tenant", principal.AppID)
		}
	}
	for i, certificate := range s.Certificates {
		public, err := parsePublicKey(certificate)
		if err != nil {
			return fmt.Errorf("certificates[%d]: %w", i, err)
		}
		principal.Keys = append(principal.Keys, public)
	}
	return put(p.world.principals, "objectId", objectID, principal)
}

// operator finds out whose credentials clients are given: the application that the seed names, or else the first one.
func (p planter) operator() error {
	for _, seeded := range p.seed.Principals {
		if seeded.Secret == "" || p.seed.Operator != "" && key(seeded.AppID) != key(p.seed.Operator) {
			continue
		}
		tenantID, err := p.tenantID(seeded.Tenant)
		if err != nil {
			return fmt.Errorf("operator: %w", err)
		}
		p.world.operator, err = guid("objectId", seeded.ObjectID, "principal", tenantID, seeded.DisplayName)
		return err
	}
	return fmt.Errorf("operator: there is no principal with a secret and the application ID %q", p.seed.Operator)
}
