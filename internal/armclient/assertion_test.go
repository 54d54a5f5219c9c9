// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestATokenFileIsReadEachTime(t *testing.T) {
	t.Parallel()
	mock, cfg := newMock(t, federation)
	file := filepath.Join(t.TempDir(), "token")
	say := func(subject string) {
		assertion, err := mock.Assertion("github", subject, "")
		if err == nil {
			err = os.WriteFile(file, []byte(assertion+"\n"), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	say("repo:octo-org/octo-repo:pull_request")
	cfg.Credential = CredentialOptions{UseOIDC: true, ClientID: deployerAppID, OIDCTokenFile: file}
	c := newClient(t, cfg)
	if _, err := c.Identity(t.Context(), reader); err == nil || !strings.Contains(Describe(err), "AADSTS700213") {
		t.Errorf("a pull request: %v", err)
	}
	say(mainBranch)
	if _, err := c.Identity(t.Context(), reader); !IsNotFound(err) {
		t.Errorf("the main branch: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	source, err := c.login.credential(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = source.GetToken(t.Context(), forMockARM)
	if wrong, ok := errors.AsType[*ArgumentError](err); !ok || wrong.Argument != "oidc_token_file_path" {
		t.Errorf("without the file: %v", err)
	}
}

func TestAPodLogsInAsItsServiceAccount(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config, WorkloadIdentity){
		"by what the webhook tells": func(cfg *Config, pod WorkloadIdentity) { cfg.WorkloadIdentity, cfg.TenantID = pod, "" },
		"by what is configured over it": func(cfg *Config, pod WorkloadIdentity) {
			cfg.WorkloadIdentity = WorkloadIdentity{"/none", "somebody", "somewhere"}
			cfg.Credential.ClientID, cfg.TenantID, cfg.Credential.OIDCTokenFile = pod.ClientID, pod.TenantID, pod.TokenFile
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock, cfg := newMock(t, federation)
			assertion, err := mock.Assertion("github", mainBranch, "")
			if err != nil {
				t.Fatal(err)
			}
			cfg.Credential = CredentialOptions{UseAKSWorkloadIdentity: true}
			change(&cfg, WorkloadIdentity{write(t, "token", []byte(assertion)), deployerAppID, mockarm.DefaultTenantID})
			if _, err := newClient(t, cfg).CreateIdentity(t.Context(), reader, armmsi.Identity{Location: new("westus")}); err != nil {
				t.Error(err)
			}
		})
	}
}
