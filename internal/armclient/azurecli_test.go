// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package armclient

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// TestTheCLIIsStartedOnce puts a stand-in for az in the path, a shell script that counts its runs.
func TestTheCLIIsStartedOnce(t *testing.T) {
	_, cfg := newMock(t)
	token, err := newClient(t, cfg).credential.GetToken(t.Context(), forMockARM)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	runs := filepath.Join(dir, "runs")
	script := fmt.Sprintf("#!/bin/sh\necho run >> '%s'\necho '{\"accessToken\":\"%s\",\"expires_on\":%d}'\n", runs, token.Token, token.ExpiresOn.Unix())
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	cfg.Credential = CredentialOptions{UseCLI: true}
	cfg.TenantID = ""
	c := newClient(t, cfg)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if _, err := c.Identity(t.Context(), reader); !IsNotFound(err) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if tenant, err := c.TenantID(t.Context()); err != nil || tenant != mockarm.DefaultTenantID {
		t.Errorf("the tenant is %q, %v", tenant, err)
	}
	if content, err := os.ReadFile(runs); err != nil || strings.Count(string(content), "run") != 1 {
		t.Errorf("az was started %d times, %v", strings.Count(string(content), "run"), err)
	}
}
