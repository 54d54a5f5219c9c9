// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestTheSubjectIsTakenApart(t *testing.T) {
	t.Parallel()
	for subject, wants := range map[string][]string{
		"repo:octo-org/octo-repo:ref:refs/heads/feature":               {`owner "octo-org"`, `repository "octo-repo"`, `on the branch "feature" and names no environment`, "no IDs"},
		"repo:octo-org/octo-repo:ref:refs/tags/v1":                     {`on the tag "v1"`},
		"repo:octo-org/octo-repo:pull_request":                         {`"pull_request", which says that the job runs for a pull request; a credential for a branch does not match`},
		"repo:octo-org/octo-repo:environment:production":               {`names the environment "production"; a credential for a branch does not match`},
		"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main":    {`owner "octo-org@123456"`, `repository "octo-repo@456789"`, "They have IDs in them"},
		"repo:octo-org/octo-repo:job_workflow_ref:a/b":                 {"has chosen for itself"},
		"system:serviceaccount:default:app":                            {`namespace "default"`, `service account "app"`},
		"project_path:octo-group/sub/project:ref_type:branch:ref:main": {`project "octo-group/sub/project"`, `"branch" (branch or tag)`, `reference "main"`},
		"sc://octo-org/octo-project/my/connection":                     {`organization "octo-org"`, `project "octo-project"`, `service connection "my/connection"`},
		"somebody": nil, "repo:": nil, "repo:a/b": nil, "repo:a:b": nil, "system:serviceaccount:x": nil, "project_path:x:ref:main": nil, "sc://a/b": nil, "": nil,
	} {
		text := "AADSTS700213: No matching federated identity record found for presented assertion subject '" + subject + "'. Check your federated identity credential."
		got := nextStepOfLogin(text)
		if !strings.HasPrefix(got, loginSteps["AADSTS700213"]) || (got == loginSteps["AADSTS700213"]) != (wants == nil) {
			t.Errorf("%s: %s", subject, got)
		}
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %s: %s", subject, want, got)
			}
		}
	}
}

// Each of these is a login that the mock's Entra refuses.
func TestEachRefusalOfALoginHasANextStep(t *testing.T) {
	t.Parallel()
	other := newKeyPair(t)
	for number, c := range map[string]struct {
		options func(*mockarm.Server) CredentialOptions
		want    string
	}{
		"AADSTS700213":  {oidcTokenOf(t, "github", "repo:octo-org/octo-repo:pull_request", ""), `owner "octo-org"`},
		"AADSTS7002138": {oidcTokenOf(t, "github", "repo:Octo-Org/octo-repo:ref:refs/heads/main", ""), `they differ in case`},
		"AADSTS700211":  {oidcTokenOf(t, "gitlab", mainBranch, ""), "Check issuer"},
		"AADSTS700212":  {oidcTokenOf(t, "github", mainBranch, "sts.amazonaws.com"), "Check audience"},
		"AADSTS50027": {func(*mockarm.Server) CredentialOptions {
			return CredentialOptions{UseOIDC: true, OIDCToken: "no token"}
		}, "JSON Web Token"},
		"AADSTS700027": {func(*mockarm.Server) CredentialOptions {
			return CredentialOptions{ClientCertificateFile: write(t, "app.pem", append(other.keyPEM(t), other.certificatePEM()...))}
		}, "client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH)"},
	} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			mock, cfg := newMock(t, federation)
			cfg.Credential = c.options(mock)
			cfg.Credential.ClientID = deployerAppID
			_, err := newClient(t, cfg).Identity(t.Context(), reader)
			if text := Describe(err); !strings.Contains(text, number+":") || !strings.Contains(text, c.want) {
				t.Errorf("want %s and %q:\n%s", number, c.want, text)
			}
		})
	}
}

func oidcTokenOf(t *testing.T, issuer, subject, audience string) func(*mockarm.Server) CredentialOptions {
	t.Helper()
	return func(mock *mockarm.Server) CredentialOptions {
		assertion, err := mock.Assertion(issuer, subject, audience)
		if err != nil {
			t.Fatal(err)
		}
		return CredentialOptions{UseOIDC: true, OIDCToken: assertion}
	}
}

// The longest code counts: AADSTS70021 begins others.
func TestEveryCodeHasItsOwnStep(t *testing.T) {
	t.Parallel()
	for _, code := range slices.Sorted(maps.Keys(loginSteps)) {
		if got := nextStepOfLogin("Microsoft Entra refused the login: " + code + ": something."); got != loginSteps[code] {
			t.Errorf("%s: %s", code, got)
		}
	}
	if got := nextStepOfLogin("AADSTS1: something."); got != "" {
		t.Errorf("an unknown code: %s", got)
	}
}
