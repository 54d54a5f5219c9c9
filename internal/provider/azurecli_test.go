// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// tokenOfAlice is what the Azure CLI has when alice is logged in.
func tokenOfAlice(t *testing.T) string {
	t.Helper()
	mock := prototest.Start(t, prototest.Seed(principals)).Mock
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {aliceAppID}, "client_secret": {aliceSecret}, "scope": {"https://management.azure.com/.default"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, mock.URL()+"/"+mockarm.DefaultTenantID+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := mock.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("alice gets no token: %v", err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.Token
}

// loggedInAsAlice writes stand-ins for az and azd into a folder, shell scripts that have a token of alice's and note how they
// were called in the files "calls" and "azd-calls".
func loggedInAsAlice(t *testing.T, dir string) {
	t.Helper()
	token, expiry := tokenOfAlice(t), time.Now().Add(time.Hour).UTC()
	for name, script := range map[string]string{
		"az":  fmt.Sprintf("echo \"$@\" >> '%s'\necho '{\"accessToken\":\"%s\",\"expires_on\":%d}'", filepath.Join(dir, "calls"), token, expiry.Unix()),
		"azd": fmt.Sprintf("echo \"$@\" >> '%s'\necho '{\"token\":\"%s\",\"expiresOn\":\"%s\"}'", filepath.Join(dir, "azd-calls"), token, expiry.Format("2006-01-02T15:04:05Z")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheProviderIsWhoTheAzureCLIIs(t *testing.T) {
	dir := t.TempDir()
	loggedInAsAlice(t, dir)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	calls := filepath.Join(dir, "calls")
	const tenant = mockarm.DefaultTenantID
	for name, c := range map[string]struct {
		env    environment
		config prototest.Object
		want   string
		args   string // of az, "" if it is not to run
	}{
		"by default":                           {environment{"ARM_USE_CLI": ""}, nil, aliceOID, "--resource https://management.azure.com"},
		"as the environment says":              {environment{"ARM_USE_CLI": "true"}, nil, aliceOID, "--resource https://management.azure.com"},
		"the configuration over it":            {environment{"ARM_USE_CLI": "false"}, prototest.Object{"use_cli": true}, aliceOID, "--resource https://management.azure.com"},
		"in a tenant":                          {environment{"ARM_USE_CLI": "", "ARM_TENANT_ID": nobody}, prototest.Object{"tenant_id": tenant}, aliceOID, "--tenant " + tenant},
		"not if the environment says so":       {environment{"ARM_USE_CLI": "false"}, nil, "", ""},
		"not if the configuration says so":     {environment{"ARM_USE_CLI": "true"}, prototest.Object{"use_cli": false}, "", ""},
		"not if there is a managed identity":   {environment{"ARM_USE_CLI": "true", "ARM_USE_MSI": "true", "ARM_CLIENT_ID": readerAppID}, nil, readerOID, ""},
		"not if there is a client secret, too": {environment{"ARM_USE_CLI": "true", "ARM_TENANT_ID": tenant, "ARM_CLIENT_ID": aliceAppID, "ARM_CLIENT_SECRET": aliceSecret}, nil, aliceOID, ""},
	} {
		p := prototest.Start(t, prototest.Seed(principals), prototest.Environment(noLogin.with(c.env)), prototest.Configuration(c.config))
		caller, diags := ask(t, p)
		if caller != c.want || diags.HasError() != (c.want == "") {
			t.Errorf("%s: the mock saw %q, want %q: %s", name, caller, c.want, diags)
		}
		args, err := os.ReadFile(calls)
		if c.args == "" && !os.IsNotExist(err) || c.args != "" && !strings.Contains(string(args), c.args) {
			t.Errorf("%s: az was called with %q, want %q: %v", name, args, c.args, err)
		}
		if err := os.RemoveAll(calls); err != nil {
			t.Fatal(err)
		}
	}
}
