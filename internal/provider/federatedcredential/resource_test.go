// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package federatedcredential_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName      = "azuremi_federated_identity_credential"
	group         = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	readerID      = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	credentialID  = readerID + "/federatedIdentityCredentials/github"
	issuer        = "https://token.actions.githubusercontent.com"
	subject       = "repo:octo-org/octo-repo:ref:refs/heads/main"
	tokenExchange = "api://AzureADTokenExchange"
)

func config(changes ...prototest.Object) prototest.Object {
	return prototest.Object{"name": "github", "user_assigned_identity_id": readerID, "issuer": issuer, "subject": subject}.With(changes...)
}

// start has the identity in Azure.
func start(t *testing.T, options ...prototest.Option) *prototest.Provider {
	t.Helper()
	return prototest.Start(t, append(options, prototest.Seed(func(s *mockarm.Seed) {
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader"}, {ResourceGroup: "DevTest", Name: "id-other"}}
	}))...)
}

// body is that of a write in Azure.
func body(subject, audience string) string {
	return `{"properties":{"issuer":"` + issuer + `","subject":"` + subject + `","audiences":["` + audience + `"]}}`
}

// credentials are those of the identity in Azure, whenever they were made.
func credentials(p *prototest.Provider) []mockarm.FederatedCredentialState {
	var all []mockarm.FederatedCredentialState
	for _, identity := range p.Mock.World().State().Identities {
		if strings.EqualFold(identity.ID, readerID) {
			all = identity.FederatedCredentials
		}
	}
	for i := range all {
		all[i].CreatedAt = time.Time{}
	}
	return all
}

func mustApply(t *testing.T, r *prototest.Resource, c prototest.Object) {
	t.Helper()
	if diags := r.Apply(c); len(diags) > 0 {
		t.Fatal(diags)
	}
}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.Resource(typeName)

	mustApply(t, r, config())
	want := mockarm.FederatedCredentialState{Name: "github", Issuer: issuer, Subject: subject, Audience: tokenExchange}
	if got := credentials(p); len(got) != 1 || got[0] != want || r.Get("id") != credentialID {
		t.Errorf("Azure has %+v, the state the ID %q", got, r.Get("id"))
	}

	mustApply(t, r, config(prototest.Object{"subject": "repo:octo-org/octo-repo:pull_request", "audience": []any{"me"}}))
	want.Subject, want.Audience = "repo:octo-org/octo-repo:pull_request", "me"
	if got := credentials(p); len(got) != 1 || got[0] != want {
		t.Errorf("Azure has %+v", got)
	}
	mustApply(t, r, config())

	if diags := r.Destroy(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if left := credentials(p); len(left) != 0 {
		t.Errorf("Azure still has %+v", left)
	}
}

func TestCaseCountsInWhatEntraCompares(t *testing.T) {
	t.Parallel()
	r := start(t).Resource(typeName)
	mustApply(t, r, config())
	for _, c := range []struct {
		change prototest.Object
		action prototest.Action
	}{
		{prototest.Object{"subject": strings.ToUpper(subject)}, prototest.Update},
		{prototest.Object{"issuer": issuer + "/"}, prototest.Update},
		{prototest.Object{"issuer": "https://Token.actions.githubusercontent.com"}, prototest.Update},
		{prototest.Object{"audience": []any{strings.ToLower(tokenExchange)}}, prototest.Update},
		{prototest.Object{"audience": []any{tokenExchange}}, prototest.NoOp},
		{prototest.Object{"name": "GitHub"}, prototest.NoOp},
		{prototest.Object{"user_assigned_identity_id": strings.ToLower(readerID)}, prototest.NoOp},
		{prototest.Object{"name": "other"}, prototest.Replace},
		{prototest.Object{"user_assigned_identity_id": group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"}, prototest.Replace},
	} {
		plan, diags := r.Plan(config(c.change))
		if len(diags) > 0 || plan.Action != c.action {
			t.Errorf("with %v the plan is to %s, not to %s %s", c.change, plan.Action, c.action, diags)
		}
	}
}

func TestAnotherSpellingOfTheIdentityIsNoDrift(t *testing.T) {
	t.Parallel()
	r := start(t).Resource(typeName)
	lower := strings.Replace(readerID, "resourceGroups", "resourcegroups", 1)
	mustApply(t, r, config(prototest.Object{"user_assigned_identity_id": lower, "name": "GitHub"}))
	if got := r.Get("user_assigned_identity_id"); got != lower {
		t.Errorf("the state has %q", got)
	}
}

func TestChangesBehindTerraformsBackAreMended(t *testing.T) {
	t.Parallel()
	p := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, config())
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPut, credentialID, body(strings.ToUpper(subject), tokenExchange)},
		{http.MethodPut, credentialID, body(subject, "somebody else")},
		{http.MethodDelete, credentialID, ""},
	} {
		p.Behind(c.method, c.path, c.body)
		if diags := r.Refresh(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if plan, diags := r.Plan(config()); len(diags) > 0 || plan.Action == prototest.NoOp {
			t.Errorf("after %s %s the plan is to %s %s", c.method, c.body, plan.Action, diags)
		}
		mustApply(t, r, config())
		if got := credentials(p); len(got) != 1 || got[0].Subject != subject || got[0].Audience != tokenExchange || got[0].ClaimsMatchingExpression != "" {
			t.Errorf("after %s %s Azure has %+v", c.method, c.body, got)
		}
	}
	p.Behind(http.MethodDelete, readerID, "")
	if diags := r.Destroy(); len(diags) > 0 {
		t.Errorf("destroying what is gone with its identity: %s", diags)
	}
}

// Terraform before 1.12 sends no identity, and the framework refuses to take an object out of state without one.
func TestGoneIsGoneForOldTerraformToo(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.OldTerraform = true
	r := p.Resource(typeName)
	mustApply(t, r, config())
	mustApply(t, r, config(prototest.Object{"subject": "me"}))
	p.Behind(http.MethodDelete, readerID, "")
	if diags := r.Refresh(); len(diags) > 0 || r.State() != nil {
		t.Errorf("the state holds %v %s", r.State(), diags)
	}
}

func TestWhatExistsIsTakenOverOnRequestOnly(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.Behind(http.MethodPut, credentialID, body("theirs", tokenExchange))
	r := p.Resource(typeName)
	diags := r.Apply(config())
	for _, want := range []string{"exists already", "to = azuremi_federated_identity_credential.example", `id = "` + credentialID + `"`} {
		if !diags.HasError() || !strings.Contains(diags.String(), want) {
			t.Errorf("the error lacks %q:\n%s", want, diags)
		}
	}
	if r.State() != nil || credentials(p)[0].Subject != "theirs" {
		t.Errorf("it was taken over: %v, %+v", r.State(), credentials(p))
	}
	adopting := prototest.Start(t, prototest.With(p.Mock), prototest.Configuration(prototest.Object{"adopt_existing": true})).Resource(typeName)
	mustApply(t, adopting, config())
	if credentials(p)[0].Subject != subject {
		t.Errorf("Azure has %+v", credentials(p))
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.Behind(http.MethodPut, credentialID, body(subject, "me"))
	for name, take := range map[string]func(*prototest.Resource) prototest.Diagnostics{
		"by ID":                  func(r *prototest.Resource) prototest.Diagnostics { return r.Import(credentialID) },
		"by ID, all in capitals": func(r *prototest.Resource) prototest.Diagnostics { return r.Import(strings.ToUpper(credentialID)) },
		"by the service's own ID": func(r *prototest.Resource) prototest.Diagnostics {
			return r.Import(strings.Replace(credentialID, "resourceGroups", "resourcegroups", 1))
		},
		"by identity, as in azurerm": func(r *prototest.Resource) prototest.Diagnostics {
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
			plan, diags := r.Plan(config(prototest.Object{"audience": []any{"me"}}))
			if len(diags) > 0 || plan.Action != prototest.NoOp {
				t.Errorf("the plan after import is to %s %s", plan.Action, diags)
			}
		})
	}
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := start(t).Resource(typeName)
	for id, want := range map[string]string{
		"github": "does not start", readerID: "userAssignedIdentities/example/federatedIdentityCredentials/example", credentialID: "non-existent",
	} {
		if diags := r.Import(id); !diags.HasError() || !strings.Contains(diags.String(), want) {
			t.Errorf("importing %q: %s", id, diags)
		}
	}
}

func TestBadInputFailsThePlan(t *testing.T) {
	t.Parallel()
	r := start(t).Resource(typeName)
	for _, c := range []struct {
		change prototest.Object
		path   string
	}{
		{prototest.Object{"name": "gh"}, `AttributeName("name")`},
		{prototest.Object{"name": "-github"}, `AttributeName("name")`},
		{prototest.Object{"name": "git hub"}, `AttributeName("name")`},
		{prototest.Object{"name": strings.Repeat("a", 121)}, `AttributeName("name")`},
		{prototest.Object{"user_assigned_identity_id": "id-reader"}, `AttributeName("user_assigned_identity_id")`},
		{prototest.Object{"user_assigned_identity_id": credentialID}, `AttributeName("user_assigned_identity_id")`},
		{prototest.Object{"issuer": "http://idp.example"}, `AttributeName("issuer")`},
		{prototest.Object{"issuer": "idp.example"}, `AttributeName("issuer")`},
		{prototest.Object{"issuer": issuer + " "}, `AttributeName("issuer")`},
		{prototest.Object{"issuer": issuer + "?a=b"}, `AttributeName("issuer")`},
		{prototest.Object{"subject": ""}, `AttributeName("subject")`},
		{prototest.Object{"subject": subject + "\n"}, `AttributeName("subject")`},
		{prototest.Object{"subject": strings.Repeat("a", 601)}, `AttributeName("subject")`},
		{prototest.Object{"claims_matching_expression": anyBranch}, `AttributeName("subject")`},
		{prototest.Object{"subject": nil}, ""},
		{prototest.Object{"subject": nil, "claims_matching_expression": "repo:octo-org/*"}, `AttributeName("claims_matching_expression")`},
		{prototest.Object{"subject": nil, "claims_matching_expression": ""}, `AttributeName("claims_matching_expression")`},
		{prototest.Object{"audience": []any{}}, `AttributeName("audience")`},
		{prototest.Object{"audience": []any{"a", "b"}}, `AttributeName("audience")`},
		{prototest.Object{"audience": []any{" a"}}, `AttributeName("audience").ElementKeyInt(0)`},
		{prototest.Object{"timeouts": prototest.Object{"create": "soon"}}, `AttributeName("timeouts").AttributeName("create")`},
	} {
		_, diags := r.Plan(config(c.change))
		if !diags.HasError() || diags[0].Path != c.path {
			t.Errorf("with %v: %s", c.change, diags)
		}
	}
	if _, diags := r.Plan(config(prototest.Object{"user_assigned_identity_id": prototest.Unknown, "issuer": prototest.Unknown, "subject": prototest.Unknown, "audience": prototest.Unknown})); len(diags) > 0 {
		t.Errorf("with what is not known yet: %s", diags)
	}
	for _, subject := range []any{nil, prototest.Unknown} {
		if _, diags := r.Plan(config(prototest.Object{"subject": subject, "claims_matching_expression": prototest.Unknown})); len(diags) > 0 {
			t.Errorf("with an expression that is not known yet, and subject %v: %s", subject, diags)
		}
	}
}

func TestErrorsTellWhatToDo(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.Behind(http.MethodPut, readerID+"/federatedIdentityCredentials/twin", body(subject, tokenExchange))
	reader := prototest.As("reader", mockarm.SeedRoleAssignment{Role: "Reader", Scope: group})
	for name, c := range map[string]struct {
		p    *prototest.Provider
		want []string
	}{
		"a twin":   {p, []string{"Cannot create federated identity credential", "Issuer and subject combination already exists"}},
		"no right": {start(t, reader), []string{"AuthorizationFailed", "Managed Identity Contributor"}},
	} {
		diags := c.p.Resource(typeName).Apply(config())
		for _, want := range c.want {
			if !diags.HasError() || !strings.Contains(diags.String(), want) {
				t.Errorf("%s: the error lacks %q:\n%s", name, want, diags)
			}
		}
	}
}
