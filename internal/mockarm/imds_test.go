// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const testMachineToken = "?api-version=2018-02-01&resource=https://management.azure.com"

// ask asks the default machine's IMDS. Headers come in pairs; the one that the service wants is set.
func (a *azure) ask(t *testing.T, method, path string, headers ...string) answer {
	t.Helper()
	r := newRequest(t, method, "http://169.254.169.254"+strings.ReplaceAll(path, " ", "%20"), "")
	r.Header.Set("Metadata", "true")
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return roundTrip(t, a.IMDSTransport(DefaultMachineID), r)
}

func TestIMDSRefusesInItsOwnWords(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	cases := map[string]struct {
		method, path string
		headers      []string
		status       int
		code, text   string
	}{
		"no Metadata header":         {"GET", imdsTokenPath + testMachineToken, []string{"Metadata", ""}, 400, "invalid_request", "Required metadata header not specified"},
		"Metadata says false":        {"GET", imdsTokenPath + testMachineToken, []string{"Metadata", "false"}, 400, "invalid_request", "Required metadata header not specified"},
		"a probe":                    {"GET", imdsTokenPath, []string{"Metadata", ""}, 400, "invalid_request", "Required metadata header not specified"},
		"through a proxy":            {"GET", imdsTokenPath + testMachineToken, []string{"X-Forwarded-For", "10.0.0.4"}, 400, "invalid_request", "X-Forwarded-For"},
		"a parameter twice":          {"GET", imdsTokenPath + testMachineToken + "&resource=x", nil, 400, "invalid_request", "'resource'"},
		"no api-version":             {"GET", imdsTokenPath + "?resource=x", nil, 400, "Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds", "newest-versions"},
		"an unknown api-version":     {"GET", imdsTokenPath + "?api-version=2018-02-02&resource=x", nil, 400, "Bad request. api-version is invalid or not supported. For more information refer to aka.ms/azureimds", "newest-versions"},
		"an api-version too old":     {"GET", imdsTokenPath + "?api-version=2017-12-01&resource=x", nil, 400, "Bad request. api-version is invalid or not supported. For more information refer to aka.ms/azureimds", "newest-versions"},
		"no resource":                {"GET", imdsTokenPath + "?api-version=2018-02-01", nil, 400, "invalid_request", "'resource' is missing"},
		"POST":                       {"POST", imdsTokenPath + testMachineToken, nil, 405, "Method not allowed", ""},
		"an unknown path":            {"GET", "/metadata/nothing" + testMachineToken, nil, 404, "Not found", ""},
		"two selectors":              {"GET", imdsTokenPath + testMachineToken + "&client_id=a&object_id=b", nil, 400, "invalid_request", "Only one of"},
		"no identity":                {"GET", imdsTokenPath + testMachineToken, nil, 400, "invalid_request", "Identity not found"},
		"an identity of nobody":      {"GET", imdsTokenPath + testMachineToken + "&client_id=" + newGUID(), nil, 400, "invalid_request", "Identity not found"},
		"an unattached identity":     {"GET", imdsTokenPath + testMachineToken + "&client_id=" + DefaultOperatorAppID, nil, 400, "invalid_request", "Identity not found"},
		"an unknown part":            {"GET", "/metadata/instance/compute/color?api-version=2021-02-01&format=text", nil, 404, "Not found", ""},
		"a leaf as JSON":             {"GET", "/metadata/instance/compute/name?api-version=2021-02-01", nil, 400, "Bad request. Leaf nodes are available in text format only; set format=text", ""},
		"instance in another format": {"GET", "/metadata/instance?api-version=2021-02-01&format=xml", nil, 400, "Bad request. Unsupported format: xml", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := a.ask(t, c.method, c.path, c.headers...)
			if got.status != c.status || got.value("error") != c.code || !strings.Contains(got.text, c.text) {
				t.Errorf("%d %s\nwant %d %s, %s", got.status, got.text, c.status, c.code, c.text)
			}
		})
	}
}

func TestIMDSChoosesTheIdentityByRule(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	first, second := s.createIdentity("first"), s.createIdentity("second")
	unattached := s.createIdentity("unattached")
	token := func(selector string) answer { return a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken+selector) }
	is := func(got answer, want string) {
		t.Helper()
		if got.status != http.StatusOK || got.value("client_id") != want {
			t.Errorf("%d %s, want a token of %s", got.status, got.text, want)
		}
	}
	refused := func(got answer, want string) {
		t.Helper()
		if got.status != http.StatusBadRequest || !strings.HasPrefix(got.value("error_description"), want) {
			t.Errorf("%d %s, want %s", got.status, got.text, want)
		}
	}
	firstClient, secondClient := first.value("properties", "clientId"), second.value("properties", "clientId")

	s.attach(first.value("id"))
	is(token(""), firstClient)
	s.attach(second.value("id"))
	refused(token(""), "Multiple user assigned identities exist")
	is(token("&client_id="+strings.ToUpper(secondClient)), secondClient)
	is(token("&object_id="+first.value("properties", "principalId")), firstClient)
	is(token("&msi_res_id="+strings.Replace(second.value("id"), "resourcegroups", "resourceGroups", 1)), secondClient)
	refused(token("&mi_res_id="+second.value("id")), "Multiple") // The spelling of another service.
	refused(token("&client_id="+unattached.value("properties", "clientId")), "Identity not found")
	refused(token("&client_id="), "Identity not found")

	s.patchIdentity(`{"type":"SystemAssigned,UserAssigned"}`)
	a.finish()
	own := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "").value("identity", "principalId")
	got := token("")
	if got.status != http.StatusOK || got.value("client_id") == firstClient || got.value("client_id") == secondClient {
		t.Errorf("the machine's own identity is the default: %d %s", got.status, got.text)
	}
	is(token("&object_id="+own), got.value("client_id"))
	is(token("&client_id="+got.value("client_id")), got.value("client_id"))
}

func TestTokenIsRefusedAfterDetach(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	s.attach(id)
	if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.status != http.StatusOK {
		t.Fatalf("attached: %d %s", got.status, got.text)
	}
	s.patchIdentity(`{"type":"None","userAssignedIdentities":null}`)
	a.finish()
	if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.value("error_description") != identityNotFound {
		t.Errorf("detached: %d %s", got.status, got.text)
	}
}

func TestDeadAttachmentGetsNoToken(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	s.attach(id)
	old := s.must(http.StatusOK, http.MethodGet, id, "").value("properties", "clientId")
	s.must(http.StatusOK, http.MethodDelete, id, "")
	refused := func(when, selector string) {
		t.Helper()
		got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken+selector)
		if got.status != http.StatusBadRequest || got.value("error_description") != identityNotFound {
			t.Errorf("%s%s: %d %s", when, selector, got.status, got.text)
		}
	}
	refused("deleted", "")
	again := s.createIdentity("reader").value("properties", "clientId")
	for _, selector := range []string{"", "&client_id=" + old, "&client_id=" + again, "&msi_res_id=" + id} {
		refused("made again", selector)
	}
	if machines := a.world.State().VirtualMachines; !machines[0].UserAssigned[0].Dead {
		t.Error("the state does not say that the attachment is dead")
	}
}

func TestMachineTokenReadsWhatItsRolesAllow(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	identity := s.createIdentity("reader")
	s.attach(identity.value("id"))
	got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken+"/")
	if got.value("expires_in") != "86399" || got.value("resource") != "https://management.azure.com/" || got.value("token_type") != "Bearer" {
		t.Errorf("the answer: %s", got.text)
	}
	machine := &session{t: t, azure: a, token: got.value("access_token")}
	machine.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
	a.world.mu.Lock()
	a.world.grant(t, identity.value("properties", "principalId"), "Reader", testGroup)
	a.world.mu.Unlock()
	machine.must(http.StatusOK, http.MethodGet, testGroup, "")
	machine.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodDelete, testGroup, "")
}

func TestIMDSTellsTheMachineOfItself(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for path, want := range map[string]string{
		"/metadata/instance/compute/subscriptionId?api-version=2021-02-01&format=text":    DefaultSubscriptionID,
		"/metadata/instance/compute/resourceGroupName?api-version=2021-02-01&format=text": "DevTest",
		"/metadata/instance/COMPUTE/vmid?api-version=2021-02-01&format=TEXT":              DefaultVMID,
		"/metadata/instance/compute/osProfile?api-version=2021-02-01&format=text":         "adminUsername\ncomputerName",
		"/metadata/instance?api-version=2021-02-01&format=text":                           "compute/\nnetwork/",
	} {
		if got := a.ask(t, http.MethodGet, path); got.status != http.StatusOK || got.text != want {
			t.Errorf("%s: %d %q, want %q", path, got.status, got.text, want)
		}
	}
	got := a.ask(t, http.MethodGet, "/metadata/instance?api-version=2021-02-01")
	if got.value("compute", "resourceId") != DefaultMachineID || got.value("compute", "location") != "westus" {
		t.Errorf("instance: %s", got.text)
	}
	if got := a.ask(t, http.MethodGet, "/metadata/identity/info?api-version=2018-02-01"); got.value("tenantId") != DefaultTenantID {
		t.Errorf("info: %s", got.text)
	}
	versions, _ := a.ask(t, http.MethodGet, "/metadata/versions").body["apiVersions"].([]any)
	if !slices.Contains(versions, any("2018-02-01")) {
		t.Errorf("versions: %v", versions)
	}
}

func TestUnknownResourceIsAnErrorOfEntra(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.attach(s.createIdentity("reader").value("id"))
	got := a.ask(t, http.MethodGet, imdsTokenPath+"?api-version=2018-02-01&resource=https://x.example")
	if got.status != http.StatusBadRequest || got.value("error") != "invalid_resource" ||
		!strings.HasPrefix(got.value("error_description"), "AADSTS500011: The resource principal named https://x.example was not found in the tenant named Mock Tenant.") {
		t.Errorf("%d %s", got.status, got.text)
	}
	for _, resource := range []string{"https://vault.azure.net", "https://storage.azure.com/", "https://mine.blob.core.windows.net", "api://AzureADTokenExchange"} {
		if got := a.ask(t, http.MethodGet, imdsTokenPath+"?api-version=2018-02-01&resource="+resource); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", resource, got.status, got.text)
		}
	}
}

func TestIMDSGoesWithItsMachine(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	if _, err := a.IMDSEndpoint(DefaultMachineID + "-2"); err == nil {
		t.Error("an IMDS without a machine")
	}
	a.operator(t).must(http.StatusAccepted, http.MethodDelete, DefaultMachineID, "")
	a.finish()
	if got := a.ask(t, http.MethodGet, "/metadata/identity/info?api-version=2018-02-01"); got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.text)
	}
}
