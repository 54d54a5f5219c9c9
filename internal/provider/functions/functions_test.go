// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package functions_test

import (
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

func TestSubjectsAreThoseOfTheIssuers(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	const github, kubernetes = "github_actions_subject", "kubernetes_subject"
	for want, call := range map[string][]string{
		"repo:octo-org/octo-repo:ref:refs/heads/main":               {github, "octo-org/octo-repo", "branch", "main"},
		"repo:octo-org/octo-repo:ref:refs/heads/feature/New":        {github, "octo-org/octo-repo", "branch", "feature/New"},
		"repo:Octo-Org/Octo.Repo_1:ref:refs/tags/v1.0.0":            {github, "Octo-Org/Octo.Repo_1", "tag", "v1.0.0"},
		"repo:octo-org/octo-repo:environment:Production":            {github, "octo-org/octo-repo", "environment", "Production"},
		"repo:octo-org/octo-repo:environment:eu%3Aprod":             {github, "octo-org/octo-repo", "environment", "eu:prod"},
		"repo:octo-org/octo-repo:pull_request":                      {github, "octo-org/octo-repo", "pull_request"},
		"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main": {github, "octo-org@123456/octo-repo@456789", "branch", "main"},
		"system:serviceaccount:default:app":                         {kubernetes, "default", "app"},
		"system:serviceaccount:team-1:app.v2":                       {kubernetes, "team-1", "app.v2"},
	} {
		if got, refusal := p.Call(call[0], call[1:]...); refusal != "" || got != want {
			t.Errorf("%q is %q, %s; want %q", call, got, refusal, want)
		}
	}
	for _, c := range []struct {
		call    []string
		refusal string
	}{
		{[]string{github, "octo-repo", "branch", "main"}, "is neither OWNER/NAME nor"},
		{[]string{github, "https://github.com/octo-org/octo-repo", "branch", "main"}, "is neither OWNER/NAME nor"},
		{[]string{github, "octo-org@123456/octo-repo", "branch", "main"}, "is neither OWNER/NAME nor"},
		{[]string{github, "octo-org@me/octo-repo@you", "branch", "main"}, "is neither OWNER/NAME nor"},
		{[]string{github, "octo-org/octo-repo", "Branch", "main"}, "is none of branch, tag"},
		{[]string{github, "octo-org/octo-repo", "branch"}, "The name of one branch is wanted"},
		{[]string{github, "octo-org/octo-repo", "branch", ""}, "The name of one branch is wanted"},
		{[]string{github, "octo-org/octo-repo", "branch", "refs/heads/main"}, "The name of one branch is wanted"},
		{[]string{github, "octo-org/octo-repo", "tag", " v1"}, "The name of one tag is wanted"},
		{[]string{github, "octo-org/octo-repo", "branch", "main", "other"}, "The name of one branch is wanted"},
		{[]string{github, "octo-org/octo-repo", "pull_request", "7"}, "takes no value"},
		{[]string{kubernetes, "Default", "app"}, "not the name of a namespace"},
		{[]string{kubernetes, strings.Repeat("a", 64), "app"}, "not the name of a namespace"},
		{[]string{kubernetes, "default", ""}, "not the name of a service account"},
		{[]string{kubernetes, "default", "a:b"}, "not the name of a service account"},
		{[]string{kubernetes, "default", strings.Repeat("a", 254)}, "not the name of a service account"},
	} {
		got, refusal := p.Call(c.call[0], c.call[1:]...)
		if got != "" || !strings.Contains(refusal, c.refusal) {
			t.Errorf("%q is %q, refused with %q", c.call, got, refusal)
		}
	}
	if asked := p.Mock.Requests(); len(asked) > 0 {
		t.Errorf("Azure was asked %+v", asked)
	}
}
