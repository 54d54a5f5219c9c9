// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// postForm asks the token endpoint of a tenant.
func (a *azure) postForm(t *testing.T, tenant, endpoint string, form map[string]string) answer {
	t.Helper()
	values := url.Values{}
	for name, value := range form {
		if value != "" {
			values.Set(name, value)
		}
	}
	r := newRequest(t, http.MethodPost, a.URL()+"/"+tenant+endpoint, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return roundTrip(t, a.Transport(), r)
}

func TestEntraIssuesTokensForSecretsOnly(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	reader := a.operator(t).createIdentity("reader").value("properties", "clientId")
	good := map[string]string{
		"grant_type": "client_credentials", "client_id": DefaultOperatorAppID, "client_secret": a.world.Operator().Secret,
		"scope": "https://management.azure.com/.default openid offline_access profile",
	}
	const ok, v2 = http.StatusOK, "/oauth2/v2.0/token"
	cases := map[string]struct {
		tenant, endpoint string
		change           map[string]string
		status           int
		code, number     string
	}{
		"good":                      {"", v2, nil, ok, "", ""},
		"good, tenant in capitals":  {strings.ToUpper(DefaultTenantID), v2, nil, ok, "", ""},
		"good, the old endpoint":    {"", "/oauth2/token", map[string]string{"resource": "https://management.azure.com/"}, ok, "", ""},
		"good, the mock's own URL":  {"", v2, map[string]string{"scope": inProcessURL + "//.default"}, ok, "", ""},
		"wrong secret":              {"", v2, map[string]string{"client_secret": "guess"}, 401, "invalid_client", "AADSTS7000215: "},
		"a managed identity":        {"", v2, map[string]string{"client_id": reader, "client_secret": "x"}, 401, "invalid_client", "AADSTS7000215: "},
		"no proof":                  {"", v2, map[string]string{"client_secret": ""}, 401, "invalid_client", "AADSTS7000218: "},
		"unknown application":       {"", v2, map[string]string{"client_id": newGUID()}, 400, "unauthorized_client", "AADSTS700016: "},
		"unknown tenant":            {newGUID(), v2, nil, 400, "invalid_request", "AADSTS90002: "},
		"unknown resource":          {"", v2, map[string]string{"scope": "https://x.example/.default"}, 400, "invalid_resource", "AADSTS500011: "},
		"a scope that is no app's":  {"", v2, map[string]string{"scope": "https://management.azure.com/user_impersonation"}, 400, "invalid_scope", "AADSTS1002012: "},
		"no grant type":             {"", v2, map[string]string{"grant_type": ""}, 400, "invalid_request", "AADSTS900144: "},
		"another grant type":        {"", v2, map[string]string{"grant_type": "password"}, 400, "unsupported_grant_type", "AADSTS70003: "},
		"no client":                 {"", v2, map[string]string{"client_id": ""}, 400, "invalid_request", "AADSTS900144: "},
		"an endpoint not there":     {"", "/oauth2/v2.0/devicecode", nil, 404, "invalid_request", "AADSTS90002: "},
		"no resource":               {"", "/oauth2/token", nil, 400, "invalid_request", "AADSTS900144: "},
		"an assertion without kind": {"", v2, map[string]string{"client_assertion": "x"}, 400, "invalid_request", "AADSTS900144: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := maps.Clone(good)
			maps.Copy(form, c.change)
			tenant := c.tenant
			if tenant == "" {
				tenant = DefaultTenantID
			}
			got := a.postForm(t, tenant, c.endpoint, form)
			if got.status != c.status || got.value("error") != c.code || !strings.HasPrefix(got.value("error_description"), c.number) {
				t.Fatalf("%d %s\nwant %d %s %s", got.status, got.text, c.status, c.code, c.number)
			}
			if c.status == ok && got.value("token_type") != "Bearer" {
				t.Errorf("the answer: %s", got.text)
			}
			if c.status != ok && (got.value("trace_id") == "" || got.value("correlation_id") == "" || got.body["error_codes"] == nil) {
				t.Errorf("the error is not whole: %s", got.text)
			}
		})
	}
}

func TestSecretInTheURLIsNotRead(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	query := "?client_secret=" + a.world.Operator().Secret
	got := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token"+query, map[string]string{
		"grant_type": "client_credentials", "client_id": DefaultOperatorAppID, "scope": "https://management.azure.com/.default",
	})
	if got.status != http.StatusUnauthorized {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestClientAssertionsAreVerified(t *testing.T) {
	t.Parallel()
	registered, unknown := newRSAKey(t), newRSAKey(t)
	encoded, err := x509.MarshalPKIXPublicKey(registered.Public())
	if err != nil {
		t.Fatal(err)
	}
	seed := DefaultSeed()
	seed.Principals[0].Certificates = []string{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded}))}
	world, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	a := &azure{Server: NewServer(world), clock: world.clock}
	now := world.clock.Now()
	good := jwt.MapClaims{
		"iss": DefaultOperatorAppID, "sub": DefaultOperatorAppID, "jti": newGUID(), "exp": now.Add(time.Minute).Unix(), "nbf": now.Unix(),
		"aud": inProcessURL + "/" + DefaultTenantID + "/oauth2/v2.0/token",
	}
	cases := map[string]struct {
		method jwt.SigningMethod
		key    crypto.PrivateKey
		change jwt.MapClaims
		number string
	}{
		"good":                   {jwt.SigningMethodRS256, registered, nil, ""},
		"good, PS256":            {jwt.SigningMethodPS256, registered, nil, ""},
		"another key":            {jwt.SigningMethodRS256, unknown, nil, "AADSTS700027: "},
		"unsigned":               {jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, "AADSTS700027: "},
		"expired":                {jwt.SigningMethodRS256, registered, jwt.MapClaims{"exp": now.Add(-time.Minute).Unix()}, "AADSTS700024: "},
		"not valid yet":          {jwt.SigningMethodRS256, registered, jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()}, "AADSTS700024: "},
		"for somebody else":      {jwt.SigningMethodRS256, registered, jwt.MapClaims{"aud": "https://x.example"}, "AADSTS700023: "},
		"about somebody else":    {jwt.SigningMethodRS256, registered, jwt.MapClaims{"sub": newGUID()}, "AADSTS700021: "},
		"federated, no record":   {jwt.SigningMethodRS256, unknown, jwt.MapClaims{"iss": "https://token.actions.githubusercontent.com"}, "AADSTS700211: "},
		"federated, without key": {jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, jwt.MapClaims{"iss": "https://x.example"}, "AADSTS700211: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims := maps.Clone(good)
			maps.Copy(claims, c.change)
			assertion, err := jwt.NewWithClaims(c.method, claims).SignedString(c.key)
			if err != nil {
				t.Fatal(err)
			}
			got := a.assert(t, assertion)
			if c.number == "" {
				if got.status != http.StatusOK {
					t.Errorf("%d %s", got.status, got.text)
				}
				return
			}
			if got.status != http.StatusUnauthorized || got.value("error") != "invalid_client" || !strings.HasPrefix(got.value("error_description"), c.number) {
				t.Errorf("%d %s, want %s", got.status, got.text, c.number)
			}
		})
	}
	ahead := maps.Clone(good)
	ahead["nbf"] = a.clock.Now().Add(time.Second).Unix() // Rounded up, as MSAL for JavaScript does.
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, ahead).SignedString(registered)
	if got := a.assert(t, made(t, assertion, err)); got.status != http.StatusOK {
		t.Errorf("a clock that is ahead by less than a second: %d %s", got.status, got.text)
	}
	if got := a.assert(t, "nonsense"); !strings.HasPrefix(got.value("error_description"), "AADSTS50027: ") {
		t.Errorf("nonsense: %d %s", got.status, got.text)
	}
}

func (a *azure) assert(t *testing.T, assertion string) answer {
	t.Helper()
	return a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{
		"grant_type": "client_credentials", "client_id": DefaultOperatorAppID, "scope": "https://management.azure.com/.default",
		"client_assertion_type": assertionType, "client_assertion": assertion,
	})
}

func newRSAKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestTenantTellsItsEndpoints(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	get := func(path string) answer {
		return roundTrip(t, a.Transport(), newRequest(t, http.MethodGet, a.URL()+path, ""))
	}
	for path, issuer := range map[string]string{
		"/" + DefaultTenantID + "/v2.0/.well-known/openid-configuration": a.URL() + "/" + DefaultTenantID + "/v2.0",
		"/" + DefaultTenantID + "/.well-known/openid-configuration":      issuerOf(DefaultTenantID),
	} {
		got := get(path)
		if got.value("issuer") != issuer || !strings.HasPrefix(got.value("token_endpoint"), a.URL()+"/"+DefaultTenantID+"/oauth2") {
			t.Errorf("%s: %s", path, got.text)
		}
		keys, _ := get(strings.TrimPrefix(got.value("jwks_uri"), a.URL())).body["keys"].([]any)
		if len(keys) != 1 {
			t.Errorf("%s: %d keys", got.value("jwks_uri"), len(keys))
		}
	}
	if got := get("/nowhere/v2.0/.well-known/openid-configuration"); got.status != http.StatusBadRequest {
		t.Errorf("unknown tenant: %d %s", got.status, got.text)
	}
	if got := get("/" + DefaultTenantID + "/oauth2/v2.0/token"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET of the token endpoint: %d", got.status)
	}
	discovery := get("/common/discovery/instance?api-version=1.1&authorization_endpoint=" +
		url.QueryEscape(a.URL()+"/"+DefaultTenantID+"/oauth2/v2.0/authorize"))
	if want := a.URL() + "/" + DefaultTenantID + "/v2.0/.well-known/openid-configuration"; discovery.value("tenant_discovery_endpoint") != want {
		t.Errorf("discovery: %s", discovery.text)
	}
}

func TestCloudDescribesItselfInEveryShape(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	get := func(query string) answer {
		return roundTrip(t, a.Transport(), newRequest(t, http.MethodGet, a.URL()+"/metadata/endpoints"+query, ""))
	}
	whole := get("?api-version=2022-09-01")
	if whole.value("resourceManager") != a.URL()+"/" || whole.value("microsoftGraphResourceId") != a.URL()+"/" ||
		whole.value("authentication", "loginEndpoint") != a.URL()+"/" || whole.value("suffixes", "keyVaultDns") == "" || whole.value("name") == "" {
		t.Errorf("2022-09-01: %s", whole.text)
	}
	for _, version := range []string{"2019-05-01", "2020-06-01"} {
		if got := get("?api-version=" + version); got.text != "["+whole.text+"]" {
			t.Errorf("%s: %s", version, got.text)
		}
	}
	if got := get("?api-version=2015-01-01"); got.value("authentication", "loginEndpoint") != a.URL()+"/" || got.value("galleryEndpoint") == "" {
		t.Errorf("2015-01-01: %s", got.text)
	}
	if got := get(""); got.code() != "MissingApiVersionParameter" {
		t.Errorf("no version: %s", got.text)
	}
	if got := get("?api-version=2000-01-01"); got.code() != "InvalidApiVersionParameter" {
		t.Errorf("unknown version: %s", got.text)
	}
}
