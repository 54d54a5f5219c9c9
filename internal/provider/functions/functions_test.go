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
		if got, err := p.Call(call[0], call[1:]...); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", call, got, err, want)
		}
	}
	for _, c := range []struct {
		call     []string
		argument int64
	}{
		{[]string{github, "octo-repo", "branch", "main"}, 0},
		{[]string{github, "https://github.com/octo-org/octo-repo", "branch", "main"}, 0},
		{[]string{github, "octo-org@123456/octo-repo", "branch", "main"}, 0},
		{[]string{github, "octo-org@me/octo-repo@you", "branch", "main"}, 0},
		{[]string{github, "octo-org/octo-repo", "Branch", "main"}, 1},
		{[]string{github, "octo-org/octo-repo", "branch"}, 1},
		{[]string{github, "octo-org/octo-repo", "branch", ""}, 2},
		{[]string{github, "octo-org/octo-repo", "branch", "refs/heads/main"}, 2},
		{[]string{github, "octo-org/octo-repo", "tag", " v1"}, 2},
		{[]string{github, "octo-org/octo-repo", "branch", "main", "other"}, 2},
		{[]string{github, "octo-org/octo-repo", "pull_request", "7"}, 2},
		{[]string{kubernetes, "Default", "app"}, 0},
		{[]string{kubernetes, strings.Repeat("a", 64), "app"}, 0},
		{[]string{kubernetes, "default", ""}, 1},
		{[]string{kubernetes, "default", "a:b"}, 1},
		{[]string{kubernetes, "default", strings.Repeat("a", 254)}, 1},
	} {
		got, err := p.Call(c.call[0], c.call[1:]...)
		if err == nil || err.FunctionArgument == nil || *err.FunctionArgument != c.argument {
			t.Errorf("%q is %q, %+v; want an error of argument %d", c.call, got, err, c.argument)
		}
	}
	if asked := p.Mock.Requests(); len(asked) > 0 {
		t.Errorf("Azure was asked %+v", asked)
	}
}
