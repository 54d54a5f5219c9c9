// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A search that finds nothing proves something only if it can find.
func TestTheSearchForSecretsFinds(t *testing.T) {
	t.Parallel()
	secrets := []string{"", "short", "the secret of alice", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"}
	for content, want := range map[string]string{
		"[TRACE] nothing": "",
		"[TRACE] short":   "",
		`"token":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"`:            "a token",
		"key = <<EOT\n-----BEGIN RSA PRIVATE KEY-----\nMII\n":                     "a private key",
		"-----BEGIN CERTIFICATE-----":                                             "",
		`client_secret: "the secret of alice"`:                                    "begins with the ",
		"{\"certificate\":\"xxxxMIIEvQIBADANBgkqhkiG9w0BAQEFAASCxxxx\"} [TRACE] ": "begins with MIIE",
	} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a", "b", "some.log"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		found, logged, err := leaks(dir, secrets)
		if err != nil || logged != strings.Contains(content, "[TRACE]") {
			t.Errorf("%q: logged %t, %v", content, logged, err)
		}
		if (want == "") != (len(found) == 0) || want != "" && !strings.Contains(found[0], want) {
			t.Errorf("%q: found %q, want %q", content, found, want)
		}
	}
}

func TestWhichVariablesAreSecret(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ARM_CLIENT_SECRET": true, "ARM_CLIENT_CERTIFICATE": true, "ARM_CLIENT_CERTIFICATE_PASSWORD": true, "ARM_OIDC_TOKEN": true, "ARM_OIDC_REQUEST_TOKEN": true,
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": true, "SYSTEM_ACCESSTOKEN": true, "AZURE_CLIENT_SECRET": true,
		"ARM_CLIENT_ID": false, "ARM_CLIENT_CERTIFICATE_PATH": false, "ARM_CLIENT_SECRET_FILE_PATH": false, "ARM_CA_CERTIFICATE_FILE": false,
		"AZURE_FEDERATED_TOKEN_FILE": false, "ACTIONS_ID_TOKEN_REQUEST_URL": false, "ARM_OIDC_TOKEN_FILE_PATH": false,
	} {
		if got := secretVariable.MatchString(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
