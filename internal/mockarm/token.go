// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A signer holds the key under which Entra's tokens are signed.
type signer struct {
	key *rsa.PrivateKey
	id  string // the "kid" of the tokens
}

// tokenSigner is the one key of a process: making an RSA key is slow, and tests start many servers. Servers are told apart
// by their tenants.
var tokenSigner = sync.OnceValue(newSigner)

func newSigner() signer {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("mockarm: making the signing key: " + err.Error()) // Cannot happen: the random source never fails.
	}
	sum := sha256.Sum256(private.N.Bytes())
	return signer{key: private, id: base64.RawURLEncoding.EncodeToString(sum[:20])}
}

// jwks is the signer's public half as a JSON web key set (RFC 7517).
func (s signer) jwks() map[string]any {
	return map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": s.id, "x5t": s.id,
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes()),
	}}}
}

func (s signer) sign(claims jwt.MapClaims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = s.id
	token.Header["x5t"] = s.id
	return token.SignedString(s.key)
}

// authenticationMethod is the claim "appidacr": how an application proved who it is.
type authenticationMethod string

const (
	bySecret      authenticationMethod = "1"
	byCertificate authenticationMethod = "2" // or by any other assertion, and by managed identity
)

// issuerOf is the issuer of a tenant's tokens for ARM, which takes version 1.0 ones (Microsoft Learn:
// identity-platform/access-token-claims-reference).
func issuerOf(tenantID string) string { return "https://sts.windows.net/" + tenantID + "/" }

// issue signs an access token for a principal, as Entra does for an application without a user. machineID is the machine
// that a managed identity is used on, and "" for others.
func (w *World) issue(p *Principal, audience string, lifetime time.Duration, method authenticationMethod, machineID string) (string, error) {
	now := w.clock.Now()
	claims := jwt.MapClaims{
		"aud": audience, "iss": issuerOf(p.TenantID), "idp": issuerOf(p.TenantID),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifetime).Unix(),
		"aio": rand.Text(), "uti": rand.Text(),
		"appid": p.AppID, "appidacr": string(method), "idtyp": "app",
		"oid": p.ObjectID, "sub": p.ObjectID, "tid": p.TenantID, "ver": "1.0",
	}
	if p.ResourceID != "" {
		claims["xms_mirid"] = p.ResourceID
	}
	if machineID != "" {
		claims["xms_az_rid"] = machineID
	}
	return tokenSigner().sign(claims)
}

// authenticate finds out who sends a request to ARM, from its Authorization headers. own tells the URLs of the mock itself,
// which are audiences of ARM, too; tenantID is the tenant of the subscription that the request is about, "" if it is about
// none.
func (w *World) authenticate(authorization []string, own func(url string) bool, tenantID string) (caller, *response) {
	challenged := tenantID
	if challenged == "" {
		challenged = "common"
	}
	if len(authorization) == 0 || strings.TrimSpace(authorization[0]) == "" {
		return caller{}, unauthorized(challenged, "AuthenticationFailed",
			"Authentication failed. The 'Authorization' header is missing.")
	}
	scheme, raw, found := strings.Cut(strings.TrimSpace(authorization[0]), " ")
	if len(authorization) > 1 || !found || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, unauthorized(challenged, "AuthenticationFailedInvalidHeader",
			"Authentication failed. The 'Authorization' header is provided in an invalid format.")
	}
	claims := jwt.MapClaims{}
	// The times are checked below, by the world's clock and with the service's own message. RS256 is the only method that
	// Entra signs with; "none" and the shared-secret methods are what forgers try.
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(strings.TrimSpace(raw), claims, func(*jwt.Token) (any, error) { return &tokenSigner().key.PublicKey, nil })
	if err != nil {
		return caller{}, invalidToken(challenged)
	}
	return w.accept(claims, own, tenantID, challenged)
}

// accept checks the claims of a token that Entra has signed.
func (w *World) accept(claims jwt.MapClaims, own func(string) bool, tenantID, challenged string) (caller, *response) {
	c := caller{objectID: text(claims, "oid"), appID: text(claims, "appid"), tenantID: text(claims, "tid")}
	expiry, expiryErr := claims.GetExpirationTime()
	from, fromErr := claims.GetNotBefore()
	if expiryErr != nil || fromErr != nil || expiry == nil || from == nil || c.objectID == "" {
		return caller{}, invalidToken(challenged)
	}
	now := w.clock.Now()
	if !now.Before(expiry.Time) {
		return caller{}, expiredToken(challenged, expiry.Time, now)
	}
	issuer := text(claims, "iss")
	if now.Before(from.Time) || w.tenants[key(c.tenantID)] == nil || issuer != issuerOf(c.tenantID) {
		return caller{}, invalidToken(challenged)
	}
	if audience := text(claims, "aud"); !containsFold(armAudiences, audience) && !own(audience) {
		return caller{}, unauthorized(challenged, "InvalidAuthenticationTokenAudience",
			"The access token has been obtained for wrong audience or resource '"+audience+"'. "+
				"It should exactly match with one of the allowed audiences '"+strings.Join(armAudiences, "','")+"'.")
	}
	if tenantID != "" && key(c.tenantID) != key(tenantID) {
		return caller{}, unauthorized(challenged, "InvalidAuthenticationTokenTenant",
			"The access token is from the wrong issuer '"+issuer+"'. It must match the tenant '"+issuerOf(tenantID)+
				"' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/"+tenantID+
				"' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, "+
				"but information about new tenant could take time to propagate (up to an hour). If you just transferred your "+
				"subscription and see this error message, please try back later.")
	}
	return c, nil
}

func invalidToken(tenantID string) *response {
	return unauthorized(tenantID, "InvalidAuthenticationToken", "The access token is invalid.")
}

// armAudiences are the names that ARM goes by in tokens.
var armAudiences = []string{
	"https://management.core.windows.net/", "https://management.core.windows.net",
	"https://management.azure.com/", "https://management.azure.com",
}

func text(claims jwt.MapClaims, name string) string {
	s, _ := claims[name].(string)
	return s
}
