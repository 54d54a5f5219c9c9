// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// assertionMethods are what Entra takes for a client assertion (Microsoft Learn: identity-platform/certificate-credentials).
var assertionMethods = []string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodPS256.Alg()}

// assertionSkew is how far the clocks of Entra and of whoever signs an assertion may be apart. Entra allows for some minutes
// and does not document how many; here it is as little as MSAL for JavaScript needs, which rounds the time to the nearest
// second and so is ahead as often as not.
const assertionSkew = time.Second

// assertionParser reads assertions by the world's clock.
func (w *World) assertionParser(methods ...string) *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithTimeFunc(w.clock.Now), jwt.WithLeeway(assertionSkew))
}

// checkAssertion checks a client assertion of a principal. authority is the URL of the tenant. The caller holds the world's
// lock.
//
// An application that speaks for itself is both issuer and subject and signs with a key that is registered for it. An
// assertion of anybody else is a federated one, which needs a matching record at the application.
func (s *Server) checkAssertion(p *Principal, assertion, authority string) *entraError {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, claims); err != nil {
		return &entraError{http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed."}
	}
	if !strings.EqualFold(text(claims, "iss"), p.AppID) {
		return s.checkFederated(p, assertion, claims)
	}
	if subject := text(claims, "sub"); !strings.EqualFold(subject, p.AppID) {
		return &entraError{
			http.StatusUnauthorized, "invalid_client", 700021,
			"Client assertion application identifier doesn't match 'client_id' parameter.",
		}
	}
	keys := jwt.VerificationKeySet{}
	for _, key := range p.Keys {
		keys.Keys = append(keys.Keys, key)
	}
	_, err := s.world.assertionParser(assertionMethods...).Parse(assertion, func(*jwt.Token) (any, error) { return keys, nil })
	switch {
	case err == nil:
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return s.world.assertionOutOfTime()
	default:
		return &entraError{
			http.StatusUnauthorized, "invalid_client", 700027,
			"The certificate with identifier used to sign the client assertion is not registered on application. " +
				"[Reason - The key was not found.]",
		}
	}
	audience, err := claims.GetAudience()
	allowed := []string{authority + "/oauth2/v2.0/token", authority + "/oauth2/token", authority + "/v2.0", authority + "/", authority}
	if err != nil || len(audience) != 1 || !containsFold(allowed, audience[0]) {
		return &entraError{http.StatusUnauthorized, "invalid_client", 700023, fmt.Sprintf(
			"Client assertion audience claim does not match Realm issuer. Review the documentation at "+
				"https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials. Expected '%s'.",
			allowed[0])}
	}
	return nil
}

func (w *World) assertionOutOfTime() *entraError {
	return &entraError{http.StatusUnauthorized, "invalid_client", 700024, fmt.Sprintf(
		"Client assertion is not within its valid time range. Current time: %s.", w.clock.Now().Format("2006-01-02T15:04:05.0000000Z"))}
}
