// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const federatedCredentials = userAssignedIdentities + "/federatedIdentityCredentials"

// maxFederatedCredentials is how many federated identity credentials an identity holds (Microsoft Learn:
// workload-identity-federation-considerations, "General federated identity credential considerations").
const maxFederatedCredentials = 20

// tokenExchangeAudience is the audience that Microsoft recommends, and that clients ask for by default.
const tokenExchangeAudience = "api://AzureADTokenExchange"

// federatedVersions are the API versions of Microsoft.ManagedIdentity that know of federated identity credentials, and
// flexibleVersions those in which a credential may match claims by an expression. No stable version does.
var (
	federatedVersions = slices.DeleteFunc(slices.Clone(managedIdentityVersions), func(version string) bool { return version < "2022-01-31-preview" })
	flexibleVersions  = []string{"2025-01-31-preview", "2025-05-31-preview"}
)

// FederatedCredential lets what an outside issuer calls subject act as the identity that it belongs to.
type FederatedCredential struct {
	Name     string
	Issuer   string
	Subject  string // "" where Expression takes its place
	Audience string
	// Expression is the flexible form of Subject, in the language of version 1.
	Expression string
	CreatedAt  time.Time // when it was last written; zero for those of a seed
}

// federatedCredentialType is the child type of user-assigned identities. Its operations are synchronous.
func federatedCredentialType() resourceType {
	return resourceType{
		name: "userAssignedIdentities/federatedIdentityCredentials", apiVersions: federatedVersions, locations: locationNames(),
		operations: []operation{
			{method: http.MethodGet, on: onItem, action: federatedCredentials + "/read", handle: inIdentity(getFederatedCredential)},
			{method: http.MethodGet, on: onCollection, action: federatedCredentials + "/read", handle: inIdentity(listFederatedCredentials)},
			{method: http.MethodPut, on: onItem, action: federatedCredentials + "/write", handle: inIdentity(oneAtATime(putFederatedCredential))},
			{method: http.MethodDelete, on: onItem, action: federatedCredentials + "/delete", handle: inIdentity(oneAtATime(deleteFederatedCredential))},
		},
	}
}

// inIdentity finds the identity that a request's credential belongs to, before it is handled.
func inIdentity(handle func(*World, *request, *UserAssignedIdentity) *response) func(*World, *request) *response {
	return func(w *World, req *request) *response {
		name := req.target.names[0]
		identity := w.identities[key(req.target.scope+"/providers/"+userAssignedIdentities+"/"+name)]
		if identity == nil || !w.readable(identity) {
			return parentResourceNotFound(name)
		}
		return handle(w, req, identity)
	}
}

// oneAtATime refuses a write to the credentials of an identity while another one is under way (Microsoft Learn:
// workload-identity-federation-considerations, "Concurrent updates aren't supported"). The status is documented; the code
// is the one that users report.
func oneAtATime(handle func(*World, *request, *UserAssignedIdentity) *response) func(*World, *request, *UserAssignedIdentity) *response {
	return func(w *World, req *request, identity *UserAssignedIdentity) *response {
		if identity.federating {
			return fail(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
				"Too many concurrent Federated Identity Credential write operations for a single Managed Identity. "+
					"Federated Identity Credentials of a single Managed Identity must be written sequentially.")
		}
		answer := handle(w, req, identity)
		if answer.status < http.StatusBadRequest {
			identity.federating = true
			answer.takes = w.settings.federatedWriteDuration()
			answer.done = func() { identity.federating = false }
		}
		return answer
	}
}

// A federatedCredentialBody is a federated identity credential on the wire.
type federatedCredentialBody struct {
	ID         string                         `json:"id,omitempty"`
	Name       string                         `json:"name,omitempty"`
	Type       string                         `json:"type,omitempty"`
	Properties *federatedCredentialProperties `json:"properties,omitempty"`
}

type federatedCredentialProperties struct {
	Issuer     string            `json:"issuer"`
	Subject    string            `json:"subject,omitempty"`
	Audiences  []string          `json:"audiences"`
	Expression *claimsExpression `json:"claimsMatchingExpression,omitempty"`
}

type claimsExpression struct {
	Value           string `json:"value"`
	LanguageVersion int    `json:"languageVersion"`
}

// federatedBody shows a credential to a caller of an API version: only previews know of expressions.
func (i *UserAssignedIdentity) federatedBody(c *FederatedCredential, apiVersion string) federatedCredentialBody {
	properties := &federatedCredentialProperties{Issuer: c.Issuer, Subject: c.Subject, Audiences: []string{c.Audience}}
	if c.Expression != "" && containsFold(flexibleVersions, apiVersion) {
		properties.Expression = &claimsExpression{Value: c.Expression, LanguageVersion: 1}
	}
	return federatedCredentialBody{
		ID: i.ID + "/federatedIdentityCredentials/" + c.Name, Name: c.Name, Type: federatedCredentials, Properties: properties,
	}
}

func getFederatedCredential(_ *World, req *request, identity *UserAssignedIdentity) *response {
	credential := identity.federated[key(req.target.name())]
	if credential == nil {
		return resourceNotFound(federatedCredentials, strings.Join(req.target.names, "/"), req.target.resourceGroup)
	}
	return ok(identity.federatedBody(credential, req.apiVersion))
}

func listFederatedCredentials(w *World, req *request, identity *UserAssignedIdentity) *response {
	size := w.settings.pageSize()
	if text := queryValue(req, "$top"); text != "" {
		top, err := strconv.Atoi(text)
		if err != nil || top < 1 {
			return fail(http.StatusBadRequest, "InvalidTopParameter", fmt.Sprintf("The value '%s' of the query parameter '$top' is invalid.", text))
		}
		size = min(size, top)
	}
	names := slices.Sorted(maps.Keys(identity.federated))
	return pageOf(req, slices.Values(names), size, func(name string) federatedCredentialBody {
		return identity.federatedBody(identity.federated[name], req.apiVersion)
	})
}

// federatedName is the pattern of the name in the specification (Azure REST API specifications, ManagedIdentity.json).
var federatedName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-_]{2,119}$`)

func putFederatedCredential(w *World, req *request, identity *UserAssignedIdentity) *response {
	var body federatedCredentialBody
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	name := req.target.name()
	existing := identity.federated[key(name)]
	credential, reason := readFederatedCredential(name, body.Properties, containsFold(flexibleVersions, req.apiVersion))
	switch {
	case reason != "":
	case existing == nil && len(identity.federated) >= maxFederatedCredentials:
		reason = fmt.Sprintf("Too many Federated Identity Credentials. A Managed Identity can have at most %d of them.", maxFederatedCredentials)
	case identity.hasTwin(credential):
		reason = "Issuer and subject combination already exists for this Managed Identity."
	}
	if reason != "" {
		return fail(http.StatusBadRequest, "BadRequest", reason)
	}
	answer := created
	if existing != nil {
		answer, credential.Name = ok, existing.Name
	}
	credential.CreatedAt = w.clock.Now()
	identity.federate(credential)
	return answer(identity.federatedBody(credential, req.apiVersion))
}

// readFederatedCredential makes a credential of what was sent, or tells why it cannot be one (Microsoft Learn:
// workload-identity-federation-considerations, "Errors").
func readFederatedCredential(name string, p *federatedCredentialProperties, flexible bool) (*FederatedCredential, string) {
	switch {
	case !federatedName.MatchString(name):
		return nil, fmt.Sprintf("Federated Identity Credential name '%s' is invalid.", name)
	case p == nil || p.Issuer == "" && p.Subject == "" && len(p.Audiences) == 0 && p.Expression == nil:
		return nil, "Federated Identity Credential from HTTP body has empty properties"
	case len(p.Audiences) != 1:
		return nil, "Federated identity credentials must have exactly one audience."
	case !strings.HasPrefix(strings.ToLower(p.Issuer), "https://"):
		return nil, "Federated Identity Credential issuer is invalid. It must be an absolute URL that begins with 'https://'."
	case p.Expression != nil && !flexible:
		return nil, "Federated Identity Credential claimsMatchingExpression is not supported in this API version."
	case (p.Subject == "") == (p.Expression == nil):
		return nil, "Federated Identity Credential must have either a subject or a claimsMatchingExpression."
	}
	credential := &FederatedCredential{Name: name, Issuer: p.Issuer, Subject: p.Subject, Audience: p.Audiences[0]}
	if p.Expression != nil {
		if _, err := parseClaimsExpression(p.Expression.Value); err != nil || p.Expression.LanguageVersion != 1 {
			return nil, "Federated Identity Credential claimsMatchingExpression is invalid."
		}
		credential.Expression = p.Expression.Value
	}
	return credential, ""
}

// hasTwin tells whether another credential of the identity has the same issuer and subject. Both are compared with case.
func (i *UserAssignedIdentity) hasTwin(c *FederatedCredential) bool {
	for name, other := range i.federated {
		if name != key(c.Name) && other.Issuer == c.Issuer && other.Subject == c.Subject && other.Expression == c.Expression {
			return true
		}
	}
	return false
}

// federate gives the identity a credential, in place of the one that has its name.
func (i *UserAssignedIdentity) federate(c *FederatedCredential) {
	if i.federated == nil {
		i.federated = map[string]*FederatedCredential{}
	}
	i.federated[key(c.Name)] = c
}

func deleteFederatedCredential(_ *World, req *request, identity *UserAssignedIdentity) *response {
	if identity.federated[key(req.target.name())] == nil {
		return noContent()
	}
	delete(identity.federated, key(req.target.name()))
	return &response{status: http.StatusOK}
}
