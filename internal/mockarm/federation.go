// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// federationHelp ends the refusals of an assertion.
const federationHelp = " Check your federated identity credential Subject, Audience and Issuer against the presented assertion. " +
	"https://learn.microsoft.com/entra/workload-id/workload-identity-federation"

// checkFederated checks the assertion of an outside issuer against the federated credentials of a managed identity. Issuer,
// subject and audience are compared with case (Microsoft Learn: identity-platform/reference-breaking-changes, "Federated
// Identity Credentials now use case-sensitive matching"). The caller holds the world's lock.
func (s *Server) checkFederated(p *Principal, assertion string, claims jwt.MapClaims) *entraError {
	var candidates []*FederatedCredential
	issuer := text(claims, "iss")
	if identity := s.world.identities[key(p.ResourceID)]; identity != nil {
		for _, name := range slices.Sorted(maps.Keys(identity.federated)) {
			if credential := identity.federated[name]; credential.Issuer == issuer {
				candidates = append(candidates, credential)
			}
		}
	}
	if len(candidates) == 0 {
		return federationRefused(700211, "issuer", issuer, "")
	}
	if refused := s.checkIssuersSignature(assertion, issuer); refused != nil {
		return refused
	}
	return s.world.matchFederated(candidates, claims)
}

// checkIssuersSignature checks who has signed an assertion, and when, by the keys that the issuer publishes.
func (s *Server) checkIssuersSignature(assertion, issuer string) *entraError {
	public := s.keyOfIssuer(issuer)
	if public == nil {
		return &entraError{http.StatusBadRequest, "invalid_request", 90061, fmt.Sprintf(
			"Request to External OIDC endpoint failed. The OpenID configuration of '%s' could not be read.", issuer)}
	}
	// Entra takes RS256 from outside issuers and nothing else (Microsoft Learn: workload-identity-federation-considerations,
	// "Unsupported algorithms").
	_, err := s.world.assertionParser(jwt.SigningMethodRS256.Alg()).Parse(assertion, func(*jwt.Token) (any, error) { return public, nil })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return s.world.assertionOutOfTime()
	default:
		return &entraError{http.StatusUnauthorized, "invalid_client", 700027, "Client assertion failed signature validation."}
	}
}

// matchFederated looks for the credential that an assertion is for, among those of its issuer. The error names what is
// furthest from matching: the subject before the audience.
func (w *World) matchFederated(candidates []*FederatedCredential, claims jwt.MapClaims) *entraError {
	subject := text(claims, "sub")
	audiences, err := claims.GetAudience()
	if err != nil {
		return &entraError{http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed."}
	}
	byCase, known := false, []*FederatedCredential{}
	for _, credential := range candidates {
		if credential.accepts(claims) {
			known = append(known, credential)
		}
		byCase = byCase || credential.Subject != "" && strings.EqualFold(credential.Subject, subject)
	}
	forAudience := func(c *FederatedCredential) bool { return slices.Contains(audiences, c.Audience) }
	switch {
	case len(known) == 0 && byCase:
		return federationRefused(7002138, "subject", subject,
			" The subject matches with case-insensitive comparison, but not with case-sensitive comparison.")
	case len(known) == 0:
		return federationRefused(700213, "subject", subject, "")
	case !slices.ContainsFunc(known, forAudience):
		return federationRefused(700212, "audience", strings.Join(audiences, ","), "")
	case !slices.ContainsFunc(known, func(c *FederatedCredential) bool { return forAudience(c) && w.federationKnown(c) }):
		return &entraError{http.StatusBadRequest, "invalid_request", 70021, fmt.Sprintf(
			"No matching federated identity record found for presented assertion. Assertion Issuer: '%s'. Assertion Subject: '%s'. Assertion Audience: '%s'.",
			text(claims, "iss"), subject, strings.Join(audiences, ","))}
	}
	return nil
}

// accepts tells whether the credential is for the subject of an assertion.
func (c *FederatedCredential) accepts(claims jwt.MapClaims) bool {
	if c.Expression == "" {
		return text(claims, "sub") == c.Subject
	}
	matches, err := parseClaimsExpression(c.Expression)
	return err == nil && matches(claims)
}

func federationRefused(number int, what, value, why string) *entraError {
	return &entraError{http.StatusUnauthorized, "invalid_client", number, fmt.Sprintf(
		"No matching federated identity record found for presented assertion %s '%s'.%s%s", what, value, why, federationHelp)}
}
