// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package federatedcredential_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	anyBranch  = "claims['sub'] matches 'repo:octo-org/octo-repo:ref:refs/heads/*' and claims['repository_id'] eq '456789'"
	anyTag     = "claims['sub'] matches 'repo:octo-org/octo-repo:ref:refs/tags/v*' and claims['repository_id'] eq '456789'"
	preview    = "2025-01-31-preview"
	withStable = "stable"
)

// flexible is a configuration with an expression in place of the subject.
func flexible(expression string) prototest.Object {
	return config(prototest.Object{"subject": nil, "claims_matching_expression": expression})
}

// asked are the requests for credentials since there were that many, each by its method and the kind of API version.
func asked(p *prototest.Provider, since int) []string {
	var all []string
	for _, r := range p.Mock.Requests()[since:] {
		if !strings.Contains(r.Path, "/federatedIdentityCredentials/") {
			continue
		}
		version := withStable
		if strings.Contains(r.Query, preview) {
			version = preview
		}
		all = append(all, r.Method+" "+version)
	}
	return all
}

// behindFlexible writes an expression behind Terraform's back, as another tool does.
func behindFlexible(p *prototest.Provider, expression string) {
	p.Behind(http.MethodPut, credentialID+"?api-version="+preview,
		`{"properties":{"issuer":"`+issuer+`","audiences":["`+tokenExchange+`"],"claimsMatchingExpression":{"value":"`+expression+`","languageVersion":1}}}`)
}

func TestAnExpressionTakesThePlaceOfTheSubject(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.Resource(typeName)
	for _, c := range []struct {
		config              prototest.Object
		action              prototest.Action
		subject, expression string
	}{
		{flexible(anyBranch), prototest.Create, "", anyBranch},
		{flexible(anyTag), prototest.Update, "", anyTag},
		{config(), prototest.Update, subject, ""},
		{flexible(anyBranch), prototest.Update, "", anyBranch},
	} {
		plan, diags := r.Plan(c.config)
		if len(diags) > 0 || plan.Action != c.action {
			t.Errorf("the plan is to %s, not to %s %s", plan.Action, c.action, diags)
		}
		mustApply(t, r, c.config)
		want := mockarm.FederatedCredentialState{Name: "github", Issuer: issuer, Subject: c.subject, Audience: tokenExchange, ClaimsMatchingExpression: c.expression}
		if got := credentials(p); len(got) != 1 || got[0] != want {
			t.Errorf("Azure has %+v, not %+v", got, want)
		}
		if r.Get("subject") != c.subject || r.Get("claims_matching_expression") != c.expression {
			t.Errorf("the state is %v", r.State())
		}
	}
	if diags := r.Destroy(); len(diags) > 0 || len(credentials(p)) != 0 {
		t.Errorf("after the end Azure has %+v %s", credentials(p), diags)
	}
}

// The preview is asked where there is an expression, and a subject costs no request more than it did.
func TestThePreviewIsAskedForExpressionsOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config          prototest.Object
		created, looked []string
	}{
		"a subject":     {config(), []string{"GET stable", "PUT stable"}, []string{"GET stable"}},
		"an expression": {flexible(anyBranch), []string{"GET stable", "PUT " + preview}, []string{"GET stable", "GET " + preview}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			r := p.Resource(typeName)
			plan, diags := r.Plan(c.config)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if diags := r.ApplyPlan(plan); len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := asked(p, 0); !slices.Equal(got, c.created) {
				t.Errorf("its creation takes %q, not %q", got, c.created)
			}
			since := len(p.Mock.Requests())
			if diags := r.Refresh(); len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := asked(p, since); !slices.Equal(got, c.looked) {
				t.Errorf("reading it takes %q, not %q", got, c.looked)
			}
			since = len(p.Mock.Requests())
			if diags := r.Destroy(); len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := asked(p, since); !slices.Equal(got, []string{"DELETE stable"}) {
				t.Errorf("deleting it takes %q", got)
			}
		})
	}
}

func TestDriftBetweenSubjectAndExpressionIsMended(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config prototest.Object
		behind func(*prototest.Provider)
	}{
		"the subject became an expression":  {config(), func(p *prototest.Provider) { behindFlexible(p, anyBranch) }},
		"the expression became a subject":   {flexible(anyBranch), func(p *prototest.Provider) { p.Behind(http.MethodPut, credentialID, body(subject, tokenExchange)) }},
		"the expression became another one": {flexible(anyBranch), func(p *prototest.Provider) { behindFlexible(p, anyTag) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			r := p.Resource(typeName)
			mustApply(t, r, c.config)
			before := credentials(p)[0]
			c.behind(p)
			changed := credentials(p)[0]
			if diags := r.Refresh(); len(diags) > 0 {
				t.Fatal(diags)
			}
			if r.Get("subject") != changed.Subject || r.Get("claims_matching_expression") != changed.ClaimsMatchingExpression {
				t.Errorf("the state is %v, and Azure has %+v", r.State(), changed)
			}
			if plan, diags := r.Plan(c.config); len(diags) > 0 || plan.Action != prototest.Update {
				t.Errorf("the plan is to %s %s", plan.Action, diags)
			}
			mustApply(t, r, c.config)
			if got := credentials(p)[0]; got != before {
				t.Errorf("Azure has %+v, not %+v", got, before)
			}
		})
	}
}

func TestAnExpressionIsImported(t *testing.T) {
	t.Parallel()
	p := start(t)
	behindFlexible(p, anyBranch)
	for name, take := range map[string]func(*prototest.Resource) prototest.Diagnostics{
		"by ID": func(r *prototest.Resource) prototest.Diagnostics { return r.Import(credentialID) },
		"by identity": func(r *prototest.Resource) prototest.Diagnostics {
			return r.ImportIdentity(prototest.Object{
				"subscription_id": mockarm.DefaultSubscriptionID, "resource_group_name": "DevTest", "user_assigned_identity_name": "id-reader", "name": "github",
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prototest.Start(t, prototest.With(p.Mock)).Resource(typeName)
			if diags := take(r); len(diags) > 0 {
				t.Fatal(diags)
			}
			if plan, diags := r.Plan(flexible(anyBranch)); len(diags) > 0 || plan.Action != prototest.NoOp {
				t.Errorf("the plan after import is to %s %s", plan.Action, diags)
			}
			if plan, diags := r.Plan(config()); len(diags) > 0 || plan.Action != prototest.Update {
				t.Errorf("the plan for a subject is to %s %s", plan.Action, diags)
			}
		})
	}
}

// A cloud gets previews late or never.
func TestACloudWithoutThePreviewIsTold(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"InvalidApiVersionParameter", "NoRegisteredProviderFound"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			if err := p.Mock.Inject(mockarm.Fault{Method: http.MethodPut, Path: "**/federatedIdentityCredentials/*", Status: http.StatusBadRequest, Code: code}); err != nil {
				t.Fatal(err)
			}
			r := p.Resource(typeName)
			diags := r.Apply(flexible(anyBranch))
			for _, want := range []string{code, preview, "Use subject in place of claims_matching_expression"} {
				if !diags.HasError() || !strings.Contains(diags.String(), want) {
					t.Errorf("the error lacks %q:\n%s", want, diags)
				}
			}
			if strings.Contains(diags.String(), "Check location") || r.State() != nil {
				t.Errorf("the user is told of a location, or has the state %v:\n%s", r.State(), diags)
			}
		})
	}
}
