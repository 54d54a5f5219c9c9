// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestForgedAndMisusedTokensAreRefused(t *testing.T) {
	t.Parallel()
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const otherTenant = "99999999-9999-4999-8999-999999999999"
	seed := DefaultSeed()
	seed.Tenants = append(seed.Tenants, SeedTenant{ID: otherTenant})
	seed.Subscriptions[0].Tenant, seed.Principals[0].Tenant = DefaultTenantID, DefaultTenantID
	world, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(world)
	now := world.clock.Now()
	good := jwt.MapClaims{
		"aud": "https://management.azure.com/", "iss": issuerOf(DefaultTenantID), "tid": DefaultTenantID,
		"oid": DefaultOperatorID, "appid": DefaultOperatorAppID, "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	sign := func(changes jwt.MapClaims) string {
		claims := maps.Clone(good)
		for name, value := range changes {
			claims[name] = value
			if value == nil {
				delete(claims, name)
			}
		}
		token, err := tokenSigner().sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	signWith := func(method jwt.SigningMethod, key any) string {
		token, err := jwt.NewWithClaims(method, good).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	valid := sign(nil)
	cases := map[string]struct {
		authorization string
		code          string // "" where the token is good
	}{
		"good":                           {valid, ""},
		"good, scheme in lower case":     {strings.Replace(valid, "Bearer", "bearer", 1), ""},
		"good, audience without a slash": {sign(jwt.MapClaims{"aud": "https://management.azure.com"}), ""},
		"good, the old audience":         {sign(jwt.MapClaims{"aud": "https://management.core.windows.net/"}), ""},
		"good, the mock as audience":     {sign(jwt.MapClaims{"aud": inProcessURL + "/"}), ""},
		"none at all":                    {"", "AuthenticationFailed"},
		"no scheme":                      {strings.TrimPrefix(valid, "Bearer "), "AuthenticationFailedInvalidHeader"},
		"another scheme":                 {"Basic b3BlcmF0b3I6c2VjcmV0", "AuthenticationFailedInvalidHeader"},
		"not a token":                    {"Bearer nonsense", "InvalidAuthenticationToken"},
		"signature cut off":              {valid[:strings.LastIndexByte(valid, '.')+1], "InvalidAuthenticationToken"},
		"signature of another key":       {signWith(jwt.SigningMethodRS256, foreign), "InvalidAuthenticationToken"},
		"alg none":                       {signWith(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), "InvalidAuthenticationToken"},
		"alg HS256 with the public key":  {signWith(jwt.SigningMethodHS256, tokenSigner().key.N.Bytes()), "InvalidAuthenticationToken"},
		"alg RS512 with the right key":   {signWith(jwt.SigningMethodRS512, tokenSigner().key), "InvalidAuthenticationToken"},
		"expired":                        {sign(jwt.MapClaims{"exp": now.Add(-time.Second).Unix()}), "ExpiredAuthenticationToken"},
		"without expiry":                 {sign(jwt.MapClaims{"exp": nil}), "InvalidAuthenticationToken"},
		"not valid yet":                  {sign(jwt.MapClaims{"nbf": now.Add(time.Hour).Unix()}), "InvalidAuthenticationToken"},
		"without object ID":              {sign(jwt.MapClaims{"oid": nil}), "InvalidAuthenticationToken"},
		"for another audience":           {sign(jwt.MapClaims{"aud": "https://graph.microsoft.com"}), "InvalidAuthenticationTokenAudience"},
		"for an audience made of two":    {sign(jwt.MapClaims{"aud": []string{"https://management.azure.com", "x"}}), "InvalidAuthenticationTokenAudience"},
		"for the host of the request":    {sign(jwt.MapClaims{"aud": "https://evil.example"}), "InvalidAuthenticationTokenAudience"},
		"issuer and tenant differ":       {sign(jwt.MapClaims{"iss": issuerOf(otherTenant)}), "InvalidAuthenticationToken"},
		"unknown tenant":                 {sign(jwt.MapClaims{"tid": "x", "iss": issuerOf("x")}), "InvalidAuthenticationToken"},
		"another tenant's": {
			sign(jwt.MapClaims{"tid": otherTenant, "iss": issuerOf(otherTenant)}), "InvalidAuthenticationTokenTenant",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, http.MethodGet, "https://evil.example"+testGroup+"?api-version=2021-04-01", "")
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			got := roundTrip(t, server.Transport(), r)
			if c.code == "" {
				if got.status != http.StatusOK {
					t.Errorf("a good token: %d %s", got.status, got.text)
				}
				return
			}
			if got.status != http.StatusUnauthorized || got.code() != c.code {
				t.Errorf("%d %s, want 401 %s", got.status, got.text, c.code)
			}
			challenge := got.header.Get("WWW-Authenticate")
			if !strings.HasPrefix(challenge, `Bearer authorization_uri="https://login.windows.net/`+DefaultTenantID+`"`) {
				t.Errorf("WWW-Authenticate: %s", challenge)
			}
		})
	}
}

func TestTokenExpiresWithTheClock(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.must(http.StatusOK, http.MethodGet, testGroup, "")
	a.clock.Advance(24 * time.Hour)
	got := s.refused(http.StatusUnauthorized, "ExpiredAuthenticationToken", http.MethodGet, testGroup, "")
	if !strings.Contains(got.text, "' is earlier than current UTC time '") {
		t.Errorf("message: %s", got.text)
	}
}
