// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/sha1" // Service Fabric tells certificates by it.
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A hostProcess asks the identity endpoint of its host, as the host's documentation says.
type hostProcess struct {
	*azure
	host      IdentityHost
	variables map[string]string
	directory string
	transport *http.Transport
}

// on is a process on a kind of host. Its machine has a system-assigned identity and the user-assigned one "reader".
func on(t *testing.T, host IdentityHost) (*hostProcess, *session) {
	t.Helper()
	p := &hostProcess{azure: newAzure(t), host: host, directory: t.TempDir(), transport: &http.Transport{}}
	t.Cleanup(p.transport.CloseIdleConnections)
	s := p.operator(t)
	id := s.createIdentity("reader").value("id")
	s.patchIdentity(`{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"` + id + `":{}}}`)
	p.finish()
	var err error
	if p.variables, err = p.IdentityEnvironment(host, DefaultMachineID, p.directory); err != nil {
		t.Fatal(err)
	}
	p.transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, VerifyConnection: p.verify} // verify does it
	return p, s
}

// verify knows Service Fabric's endpoint by its thumbprint.
func (p *hostProcess) verify(connection tls.ConnectionState) error {
	sum := sha1.Sum(connection.PeerCertificates[0].Raw)
	if hex.EncodeToString(sum[:]) != p.variables["IDENTITY_SERVER_THUMBPRINT"] {
		return errors.New("the certificate is another one")
	}
	return nil
}

// right is the request for a token for ARM that is right on the host.
func (p *hostProcess) right(t *testing.T, more ...string) *http.Request {
	t.Helper()
	parameters := url.Values{"resource": {"https://management.azure.com"}}
	for i := 0; i+1 < len(more); i += 2 {
		parameters.Set(more[i], more[i+1])
	}
	if p.host == CloudShellHost {
		r := newRequest(t, http.MethodPost, p.variables["MSI_ENDPOINT"], parameters.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Metadata", "true")
		return r
	}
	versions := map[IdentityHost]string{AppServiceHost: "2019-08-01", AzureMLHost: "2017-09-01", ServiceFabricHost: "2019-07-01-preview", ArcHost: "2020-06-01"}
	if parameters.Get("api-version") == "" {
		parameters.Set("api-version", versions[p.host])
	}
	endpoint := p.variables["IDENTITY_ENDPOINT"]
	if p.host == AzureMLHost {
		endpoint = p.variables["MSI_ENDPOINT"]
	}
	r := newRequest(t, http.MethodGet, endpoint+"?"+parameters.Encode(), "")
	switch p.host {
	case AppServiceHost:
		r.Header.Set("X-IDENTITY-HEADER", p.variables["IDENTITY_HEADER"])
	case AzureMLHost:
		r.Header.Set("secret", p.variables["MSI_SECRET"])
	case ServiceFabricHost:
		r.Header.Set("Secret", p.variables["IDENTITY_HEADER"])
	case ArcHost:
		r.Header.Set("Metadata", "true")
	}
	return r
}

// get sends a request, and again with the key if the agent of an Arc server asks for it.
func (p *hostProcess) get(t *testing.T, r *http.Request) answer {
	t.Helper()
	got := roundTrip(t, p.transport, r)
	file, challenged := strings.CutPrefix(got.header.Get("WWW-Authenticate"), "Basic realm=")
	if !challenged {
		return got
	}
	key, err := os.ReadFile(file)
	if err != nil || filepath.Dir(file) != p.directory || filepath.Ext(file) != ".key" {
		t.Fatalf("the challenge names %s: %v", file, err)
	}
	r = r.Clone(t.Context())
	r.Header.Set("Authorization", "Basic "+string(key))
	return roundTrip(t, p.transport, r)
}

func TestEveryHostGivesTokensThatHold(t *testing.T) {
	t.Parallel()
	for _, host := range IdentityHosts[1:] {
		t.Run(string(host), func(t *testing.T) {
			t.Parallel()
			p, s := on(t, host)
			got := p.get(t, p.right(t))
			own := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "").value("identity", "principalId")
			if got.status != http.StatusOK || got.value("token_type") != "Bearer" || got.body["expires_on"] == nil {
				t.Fatalf("%d %s", got.status, got.text)
			}
			machine := &session{t: t, azure: p.azure, token: got.value("access_token")}
			machine.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
			p.world.mu.Lock()
			p.world.grant(t, own, "Reader", testGroup)
			p.world.mu.Unlock()
			machine.must(http.StatusOK, http.MethodGet, testGroup, "")
			isAsked := func(r RequestRecord) bool {
				return r.Kind == RequestKind(host) && r.Caller == DefaultMachineID && r.Status == http.StatusOK
			}
			if log := p.Requests(); !slices.ContainsFunc(log, isAsked) {
				t.Errorf("logged %+v", log)
			}
		})
	}
}

func TestEveryHostKeepsOthersOut(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Set(name, value); value == "" {
				r.Header.Del(name)
			}
		}
	}
	parameter := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			query := r.URL.Query()
			if query.Set(name, value); value == "" {
				query.Del(name)
			}
			r.URL.RawQuery = query.Encode()
		}
	}
	post := func(r *http.Request) { r.Method = http.MethodPost }
	for name, c := range map[string]struct {
		host   IdentityHost
		change func(*http.Request)
		status int
		text   string
	}{
		"App Service, no header":             {AppServiceHost, header("X-IDENTITY-HEADER", ""), 401, `"statusCode": 401`},
		"App Service, another header":        {AppServiceHost, header("X-IDENTITY-HEADER", "guess"), 401, `"statusCode": 401`},
		"App Service, the old API version":   {AppServiceHost, parameter("api-version", "2017-09-01"), 400, "UnsupportedApiVersion"},
		"App Service, IMDS's selector":       {AppServiceHost, parameter("msi_res_id", testIdentities+"reader"), 200, ""}, // not known, and so not heeded
		"App Service, an unknown identity":   {AppServiceHost, parameter("client_id", DefaultOperatorAppID), 400, "No User Assigned or Delegated Managed Identity found"},
		"App Service, two selectors":         {AppServiceHost, func(r *http.Request) { parameter("client_id", "a")(r); parameter("object_id", "b")(r) }, 400, "several"},
		"App Service, no resource":           {AppServiceHost, parameter("resource", ""), 400, "no resource"},
		"App Service, POST":                  {AppServiceHost, post, 405, `"statusCode": 405`},
		"Azure ML, no secret":                {AzureMLHost, header("secret", ""), 401, `"statusCode": 401`},
		"Azure ML, no default identity":      {AzureMLHost, parameter("clientid", ""), 200, ""},
		"Azure ML, an unknown identity":      {AzureMLHost, parameter("clientid", DefaultOperatorAppID), 400, "No User Assigned"},
		"Cloud Shell, no Metadata":           {CloudShellHost, header("Metadata", ""), 400, "InvalidRequest"},
		"Cloud Shell, through a proxy":       {CloudShellHost, header("X-Forwarded-For", "10.0.0.4"), 400, "InvalidRequest"},
		"Cloud Shell, GET":                   {CloudShellHost, func(r *http.Request) { r.Method, r.Body = http.MethodGet, http.NoBody }, 405, "MethodNotAllowed"},
		"Service Fabric, no secret":          {ServiceFabricHost, header("Secret", ""), 400, "SecretHeaderNotFound"},
		"Service Fabric, another secret":     {ServiceFabricHost, header("Secret", "guess"), 404, "ManagedIdentityNotFound"},
		"Service Fabric, no resource":        {ServiceFabricHost, parameter("resource", ""), 400, "ArgumentNullOrEmpty"},
		"Service Fabric, another version":    {ServiceFabricHost, parameter("api-version", "2020-05-01"), 400, "InvalidApiVersion"},
		"Service Fabric, a selector":         {ServiceFabricHost, parameter("client_id", DefaultOperatorAppID), 200, ""}, // has none
		"Service Fabric, a foreign resource": {ServiceFabricHost, parameter("resource", "https://x.example"), 500, "InternalServerError"},
		"Arc, no Metadata":                   {ArcHost, header("Metadata", ""), 400, "Required metadata header not specified"},
		"Arc, another key":                   {ArcHost, header("Authorization", "Basic guess"), 401, "unauthorized_client"},
		"Arc, another version":               {ArcHost, parameter("api-version", "2019-11-01"), 400, "invalid_request"},
		"Arc, an unknown identity":           {ArcHost, parameter("client_id", DefaultOperatorAppID), 400, "Identity not found"},
		"Arc, a foreign resource":            {ArcHost, parameter("resource", "https://x.example"), 400, "invalid_resource"},
		"another path":                       {ArcHost, func(r *http.Request) { r.URL.Path = "/metadata/instance" }, 404, "Not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := on(t, c.host)
			r := p.right(t)
			c.change(r)
			if got := p.get(t, r); got.status != c.status || !strings.Contains(strings.ReplaceAll(got.text, `":`, `": `), c.text) {
				t.Errorf("%d %s, want %d %s", got.status, got.text, c.status, c.text)
			}
		})
	}
	p, _ := on(t, CloudShellHost)
	if got := p.get(t, p.right(t, "resource", "https://x.example")); got.status != http.StatusBadRequest || got.value("error", "code") != "AudienceNotSupported" {
		t.Errorf("Cloud Shell, a foreign resource: %d %s", got.status, got.text)
	}
}

func TestEveryHostHasItsSelectors(t *testing.T) {
	t.Parallel()
	for host, names := range map[IdentityHost]map[string]string{
		AppServiceHost: {"client_id": "clientId", "object_id": "principalId", "principal_id": "principalId", "mi_res_id": ""},
		AzureMLHost:    {"clientid": "clientId"},
		ArcHost:        {"client_id": "clientId", "object_id": "principalId", "msi_res_id": ""},
	} {
		t.Run(string(host), func(t *testing.T) {
			t.Parallel()
			p, s := on(t, host)
			reader := s.must(http.StatusOK, http.MethodGet, testIdentities+"reader", "")
			for name, property := range names {
				value := reader.value("properties", property)
				if property == "" {
					value = reader.value("id")
				}
				if got := p.get(t, p.right(t, name, value)); got.value("client_id") != reader.value("properties", "clientId") {
					t.Errorf("%s=%s: %d %s", name, value, got.status, got.text)
				}
			}
			// Without a system-assigned identity there is no default, though there is only one other.
			s.patchIdentity(`{"type":"UserAssigned"}`)
			p.finish()
			if got := p.get(t, p.right(t)); got.status != http.StatusBadRequest {
				t.Errorf("by default: %d %s", got.status, got.text)
			}
		})
	}
}

func TestAKeyOfArcIsGoodOnce(t *testing.T) {
	t.Parallel()
	p, s := on(t, ArcHost)
	file := strings.TrimPrefix(roundTrip(t, p.transport, p.right(t)).header.Get("WWW-Authenticate"), "Basic realm=")
	key, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		r := p.right(t)
		r.Header.Set("Authorization", "Basic "+string(key))
		if got := roundTrip(t, p.transport, r); got.status != want {
			t.Errorf("%d %s, want %d", got.status, got.text, want)
		}
	}
	// An older agent takes no notice of the question.
	p.world.Configure(func(settings *Settings) { settings.LegacyArcAgent = true })
	reader := s.must(http.StatusOK, http.MethodGet, testIdentities+"reader", "").value("properties", "clientId")
	if got := p.get(t, p.right(t, "client_id", reader)); got.status != http.StatusOK || got.value("client_id") == reader {
		t.Errorf("the older agent: %d %s", got.status, got.text)
	}
	// What nobody redeems goes with the server.
	roundTrip(t, p.transport, p.right(t))
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(p.directory); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestFaultsOfHostsHaveTheirForm(t *testing.T) {
	t.Parallel()
	for host, text := range map[IdentityHost]string{
		AppServiceHost: "statusCode", CloudShellHost: `"error":{"code"`, ServiceFabricHost: "correlationId", ArcHost: "error_description",
	} {
		p, _ := on(t, host)
		p.inject(t, Fault{Kind: RequestKind(host), Count: 1, Status: http.StatusTooManyRequests})
		if got := p.get(t, p.right(t)); got.status != http.StatusTooManyRequests || !strings.Contains(got.text, text) {
			t.Errorf("%s: %d %s", host, got.status, got.text)
		}
		if got := p.get(t, p.right(t)); got.status != http.StatusOK {
			t.Errorf("%s, afterwards: %d %s", host, got.status, got.text)
		}
	}
}

func TestAHostIsOneOfThoseThatThereAre(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for _, c := range []struct {
		host                     IdentityHost
		machine, directory, want string
	}{
		{"mainframe", DefaultMachineID, "", `no kind of host "mainframe"`},
		{AppServiceHost, DefaultMachineID + "-2", "", "no virtual machine"},
		{VirtualMachineHost, DefaultMachineID + "-2", "", "no virtual machine"},
		{ArcHost, DefaultMachineID, "/no/such/directory", ArcKeyDirectory},
	} {
		if _, err := a.IdentityEnvironment(c.host, c.machine, c.directory); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s on %s: %v", c.host, c.machine, err)
		}
	}
	// What leads to other kinds of hosts is taken away.
	variables, err := a.IdentityEnvironment(VirtualMachineHost, DefaultMachineID, "")
	if endpoint, there := variables["IDENTITY_ENDPOINT"]; err != nil || !there || endpoint != "" || variables["ARM_MSI_ENDPOINT"] == "" {
		t.Errorf("a virtual machine has %v, %v", variables, err)
	}
}
