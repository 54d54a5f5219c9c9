// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"strings"
)

func (p planter) resourceGroup(s SeedResourceGroup) error {
	subscription, err := p.subscriptionOf(s.Subscription)
	if err != nil {
		return err
	}
	if err := required("name", s.Name, "location", s.Location); err != nil {
		return err
	}
	id := "/subscriptions/" + subscription.ID + "/resourceGroups/" + s.Name
	return put(p.world.resourceGroups, "name", id, &ResourceGroup{
		ID: id, Name: s.Name, SubscriptionID: subscription.ID, Location: s.Location, Tags: maps.Clone(s.Tags),
		ProvisioningState: "Succeeded",
	})
}

// groupOf is the resource group that a resource of the seed is in.
func (p planter) groupOf(subscriptionID, name string) (*ResourceGroup, *Subscription, error) {
	subscription, err := p.subscriptionOf(subscriptionID)
	if err != nil {
		return nil, nil, err
	}
	group := p.world.resourceGroups[key("/subscriptions/"+subscription.ID+"/resourceGroups/"+name)]
	if group == nil {
		return nil, nil, fmt.Errorf("resourceGroup: there is no resource group %q in the seed", name)
	}
	return group, subscription, nil
}

func (p planter) identity(s SeedIdentity) error {
	group, subscription, err := p.groupOf(s.Subscription, s.ResourceGroup)
	if err != nil {
		return err
	}
	if err := required("name", s.Name); err != nil {
		return err
	}
	// This service spells "resourcegroups" without the capital.
	id := "/subscriptions/" + subscription.ID + "/resourcegroups/" + group.Name +
		"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + s.Name
	principal, err := p.managedPrincipal(subscription.TenantID, s.Name, id, s.PrincipalID, s.ClientID)
	if err != nil {
		return err
	}
	identity := &UserAssignedIdentity{
		ID: id, Name: s.Name, Location: cmp.Or(s.Location, group.Location), Tags: maps.Clone(s.Tags),
		TenantID: subscription.TenantID, PrincipalID: principal.ObjectID, ClientID: principal.AppID,
	}
	err = each("federatedIdentityCredentials", s.FederatedCredentials, func(c SeedFederatedCredential) error {
		return p.federatedCredential(identity, c)
	})
	if err != nil {
		return err
	}
	return put(p.world.identities, "name", id, identity)
}

func (p planter) federatedCredential(identity *UserAssignedIdentity, s SeedFederatedCredential) error {
	properties := &federatedCredentialProperties{
		Issuer: s.Issuer, Subject: s.Subject, Audiences: []string{cmp.Or(s.Audience, tokenExchangeAudience)},
	}
	if s.ClaimsMatchingExpression != "" {
		properties.Expression = &claimsExpression{Value: s.ClaimsMatchingExpression, LanguageVersion: 1}
	}
	credential, reason := readFederatedCredential(s.Name, properties, true)
	switch {
	case reason != "":
		return fmt.Errorf("name: %s", reason)
	case identity.federated[key(s.Name)] != nil || identity.hasTwin(credential):
		return fmt.Errorf("name: there is another %q, or one of the same issuer and subject", s.Name)
	case len(identity.federated) >= maxFederatedCredentials:
		return fmt.Errorf("name: an identity has at most %d of them", maxFederatedCredentials)
	}
	identity.federate(credential)
	return nil
}

func (p planter) issuer(s SeedIssuer) error {
	name := strings.ToLower(s.Name)
	switch {
	case !issuerName.MatchString(name):
		return fmt.Errorf("name: %q is not lower-case letters, digits and dashes", s.Name)
	case !strings.HasPrefix(s.URL, "https://"):
		return fmt.Errorf("url: %q does not begin with https://", s.URL)
	case p.world.issuers[s.URL] != "" || p.world.issuerURL(name) != "":
		return fmt.Errorf("name: there is another %q, or one of the same URL", s.Name)
	}
	p.world.issuers[s.URL] = name
	return nil
}

// managedPrincipal puts the service principal of a managed identity into the directory. It has been there for long: no
// delay applies to what a seed holds.
func (p planter) managedPrincipal(tenantID, name, resourceID, principalID, clientID string) (*Principal, error) {
	principalID, err := guid("principalId", principalID, "principal", resourceID)
	if err != nil {
		return nil, err
	}
	if clientID, err = guid("clientId", clientID, "client", resourceID); err != nil {
		return nil, err
	}
	principal := &Principal{
		ObjectID: principalID, AppID: clientID, TenantID: tenantID, DisplayName: name, Kind: ServicePrincipal, ResourceID: resourceID,
	}
	return principal, put(p.world.principals, "principalId", principalID, principal)
}

func (p planter) roleDefinition(s SeedRoleDefinition) error {
	if err := required("name", s.Name); err != nil {
		return err
	}
	if p.role(s.Name) != nil {
		return fmt.Errorf("name: there is another role %q", s.Name)
	}
	if len(s.AssignableScopes) == 0 || len(s.Permissions) == 0 {
		return errors.New("assignableScopes: a role needs scopes and permissions")
	}
	id, err := guid("id", s.ID, "role", s.Name)
	if err != nil {
		return err
	}
	if p.world.roleDefinition(id) != nil {
		return fmt.Errorf("id: there is another role %q", id)
	}
	return put(p.world.roleDefinitions, "id", id, &RoleDefinition{
		GUID: id, RoleName: s.Name, Description: s.Description, Type: "CustomRole",
		AssignableScopes: s.AssignableScopes, Permissions: s.Permissions,
	})
}

// role finds a role by its name, which is compared without regard to case.
func (p planter) role(name string) *RoleDefinition {
	for _, role := range p.world.allRoles() {
		if strings.EqualFold(role.RoleName, name) {
			return role
		}
	}
	return nil
}

func (p planter) roleAssignment(s SeedRoleAssignment) error {
	role := p.role(s.Role)
	if role == nil {
		return fmt.Errorf("role: there is no role %q", s.Role)
	}
	principal, err := p.grantee(s.Principal)
	if err != nil {
		return err
	}
	scope, err := p.scope(s.Scope)
	if err != nil {
		return err
	}
	name, err := guid("name", s.Name, "roleAssignment", scope, role.GUID, principal.ObjectID)
	if err != nil {
		return err
	}
	id := strings.TrimSuffix(scope, "/") + "/providers/Microsoft.Authorization/roleAssignments/" + name
	now := p.world.clock.Now()
	if p.world.roleAssignments.get(id) != nil {
		return fmt.Errorf("name: there is another %q", id)
	}
	p.world.roleAssignments.add(&RoleAssignment{
		ID: id, Name: name, Scope: scope, RoleGUID: role.GUID, PrincipalID: principal.ObjectID, PrincipalType: string(principal.Kind),
		Description: s.Description, Condition: s.Condition, ConditionVersion: s.conditionVersion(),
		CreatedOn: now, UpdatedOn: now,
	})
	return nil
}

// grantee is the principal that a role assignment names, by object ID or by the resource that it belongs to.
func (p planter) grantee(named string) (*Principal, error) {
	objectID := named
	if identity := p.world.identities[key(named)]; identity != nil {
		objectID = identity.PrincipalID
	} else if h := p.world.host(named); h != nil && h.SystemAssigned != nil {
		objectID = h.SystemAssigned.PrincipalID
	}
	if principal := p.world.principals[key(objectID)]; principal != nil {
		return principal, nil
	}
	return nil, fmt.Errorf("principal: %q is neither a principal, nor an identity, nor a machine with an identity of its own", named)
}

// required wants values for fields; names and values alternate.
func required(namesAndValues ...string) error {
	for i := 0; i < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			return fmt.Errorf("%s: it must not be empty", namesAndValues[i])
		}
	}
	return nil
}

// parsePublicKey reads the public key of a certificate, or one that stands alone, in PEM.
func parsePublicKey(encoded string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(encoded))
	if block == nil {
		return nil, errors.New("this is not PEM")
	}
	if block.Type == "CERTIFICATE" {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate: %w", err)
		}
		return certificate.PublicKey, nil
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	return public, nil
}
