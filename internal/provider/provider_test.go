// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	group    = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	readerID = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"

	readerAppID = "aaaaaaaa-0000-4000-8000-000000000001"
	readerOID   = "aaaaaaaa-0000-4000-8000-000000000002"
	aliceAppID  = "bbbbbbbb-0000-4000-8000-000000000001"
	aliceOID    = "bbbbbbbb-0000-4000-8000-000000000002"
	aliceSecret = "the secret of alice"
	nobody      = "cccccccc-0000-4000-8000-000000000001"
)

// principals is the default world with several who can log in: the operator, another service principal (alice), and on the
// machine a user-assigned identity (reader) and the machine's own. All may read the resource group.
func principals(s *mockarm.Seed) {
	s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: aliceOID, AppID: aliceAppID, DisplayName: "alice", Secret: aliceSecret})
	s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", ClientID: readerAppID, PrincipalID: readerOID}}
	s.VirtualMachines[0].SystemAssigned = true
	s.VirtualMachines[0].UserAssignedIdentities = []string{readerID}
	for _, principal := range []string{aliceOID, readerID, mockarm.DefaultMachineID} {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: principal, Scope: group})
	}
}

// noLogin takes all that tells who to be out of the environment.
var noLogin = environment{"ARM_CLIENT_ID": "", "ARM_CLIENT_SECRET": "", "ARM_TENANT_ID": "", "ARM_USE_CLI": "false"}

type environment map[string]string

func (e environment) with(changes environment) environment {
	changed := maps.Clone(e)
	maps.Copy(changed, changes)
	return changed
}

// ask has the provider read something with its own credential, and returns as whom the mock saw it.
func ask(t *testing.T, p *prototest.Provider) (string, prototest.Diagnostics) {
	t.Helper()
	diags := p.Resource("azuremi_user_assigned_identity").Import(readerID)
	for _, request := range p.Mock.Requests() {
		if request.Kind == mockarm.ARMRequest {
			return request.Caller, diags
		}
	}
	return "", diags
}

func TestWhoTheProviderIs(t *testing.T) {
	t.Parallel()
	const machine = "the machine"
	for name, c := range map[string]struct {
		env    environment
		config prototest.Object
		want   string
	}{
		"the environment tells": {
			nil, nil, mockarm.DefaultOperatorID,
		},
		"the configuration counts over the environment": {
			environment{"ARM_CLIENT_ID": nobody, "ARM_CLIENT_SECRET": "wrong", "ARM_TENANT_ID": nobody},
			prototest.Object{"client_id": aliceAppID, "client_secret": aliceSecret, "tenant_id": mockarm.DefaultTenantID},
			aliceOID,
		},
		"each tells a part": {
			environment{"ARM_CLIENT_SECRET": aliceSecret}, prototest.Object{"client_id": aliceAppID}, aliceOID,
		},
		"a client secret goes before a managed identity": {
			environment{"ARM_USE_MSI": "true"}, nil, mockarm.DefaultOperatorID,
		},
		"the machine's own identity": {
			noLogin.with(environment{"ARM_USE_MSI": "true"}), nil, machine,
		},
		"a client ID chooses the machine's identity": {
			noLogin.with(environment{"ARM_USE_MSI": "1", "ARM_CLIENT_ID": readerAppID}), nil, readerOID,
		},
		"a client ID in the configuration chooses the machine's identity": {
			noLogin.with(environment{"ARM_CLIENT_ID": nobody}), prototest.Object{"use_msi": true, "client_id": readerAppID}, readerOID,
		},
		"use_msi counts over the environment": {
			noLogin.with(environment{"ARM_USE_MSI": "false"}), prototest.Object{"use_msi": true}, machine,
		},
		"use_msi counts over an environment that cannot be read": {
			noLogin.with(environment{"ARM_USE_MSI": "perhaps"}), prototest.Object{"use_msi": true}, machine,
		},
		"a managed identity goes before the Azure CLI": {
			noLogin.with(environment{"ARM_USE_MSI": "TRUE", "ARM_USE_CLI": "true"}), nil, machine,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prototest.Start(t, prototest.Seed(principals), prototest.Environment(c.env), prototest.Configuration(c.config))
			want := c.want
			if want == machine {
				want = p.Mock.World().State().VirtualMachines[0].SystemAssigned.PrincipalID
			}
			if got, diags := ask(t, p); got != want || len(diags) > 0 {
				t.Errorf("the mock saw %q, want %q: %s", got, want, diags)
			}
		})
	}
}

func TestWhyTheProviderCannotLogIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    environment
		config prototest.Object
		wants  []string
	}{
		"nothing to log in with": {
			noLogin, nil,
			[]string{
				"a client secret: client_id (ARM_CLIENT_ID), client_secret (ARM_CLIENT_SECRET) and tenant_id (ARM_TENANT_ID) are not set",
				"a managed identity of this machine: use_msi (ARM_USE_MSI) is not set", "the Azure CLI: use_cli (ARM_USE_CLI) is not set",
			},
		},
		"no tenant": {
			environment{"ARM_TENANT_ID": "", "ARM_USE_CLI": "false"}, nil, []string{"a client secret: tenant_id (ARM_TENANT_ID) is not set"},
		},
		"use_msi and use_cli are off in the configuration": {
			noLogin.with(environment{"ARM_USE_MSI": "true", "ARM_USE_CLI": "true"}),
			prototest.Object{"use_msi": false, "use_cli": false},
			[]string{"use_msi (ARM_USE_MSI) is not set", "use_cli (ARM_USE_CLI) is not set"},
		},
		"the configuration has a wrong secret": {
			nil, prototest.Object{"client_secret": "wrong"}, []string{"AADSTS7000215", "Check client_secret (ARM_CLIENT_SECRET)"},
		},
		"the configuration has an unknown application": {
			nil, prototest.Object{"client_id": nobody}, []string{"AADSTS700016", "Check client_id (ARM_CLIENT_ID)"},
		},
		"the configuration has an unknown tenant": {
			nil, prototest.Object{"tenant_id": nobody}, []string{"Check tenant_id (ARM_TENANT_ID)"},
		},
		"the machine does not have the identity": {
			noLogin, prototest.Object{"use_msi": true, "client_id": nobody}, []string{nobody},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prototest.Start(t, prototest.Seed(principals), prototest.Environment(c.env), prototest.Configuration(c.config))
			caller, diags := ask(t, p)
			if caller != "" || !diags.HasError() {
				t.Fatalf("it logged in as %q: %s", caller, diags)
			}
			for _, want := range c.wants {
				if !strings.Contains(diags.String(), want) {
					t.Errorf("the error lacks %q:\n%s", want, diags)
				}
			}
			if strings.Contains(diags.String(), "mock-operator-secret") {
				t.Errorf("the error tells the secret:\n%s", diags)
			}
		})
	}
}

// A configuration that only reads with a machine's identity runs on that machine without any login.
func TestTheCredentialIsLookedForOnlyWhenAResourceNeedsIt(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.Seed(principals), prototest.Environment(noLogin.with(environment{"ARM_SUBSCRIPTION_ID": ""})))
	if asked := p.Mock.Requests(); len(asked) > 0 {
		t.Errorf("to configure the provider took %+v", asked)
	}
	got, diags := p.Read("azuremi_resource_group", prototest.Object{"name": "DevTest", "client_id": readerAppID})
	if len(diags) > 0 || got["location"] != "westus" {
		t.Fatalf("the resource group is %v: %s", got, diags)
	}
	for _, request := range p.Mock.Requests() {
		if request.Kind == mockarm.EntraRequest || request.Kind == mockarm.ARMRequest && request.Caller != readerOID {
			t.Errorf("the read took %+v", request)
		}
	}
	if diags := p.Resource("azuremi_user_assigned_identity").Import(readerID); !strings.Contains(diags.String(), "There is no way to log in to Azure") {
		t.Errorf("a resource says: %s", diags)
	}
}

func TestWhichSubscriptionTheProviderWorksIn(t *testing.T) {
	t.Parallel()
	const (
		second = "dddddddd-0000-4000-8000-000000000001"
		third  = "dddddddd-0000-4000-8000-000000000002"
	)
	type object = prototest.Object
	for name, c := range map[string]struct {
		env              environment
		config, resource object
		want             string
	}{
		"the environment's":                        {nil, nil, nil, mockarm.DefaultSubscriptionID},
		"the configuration's over the environment": {nil, object{"subscription_id": second}, nil, second},
		"the resource's over both":                 {nil, object{"subscription_id": second}, object{"subscription_id": third}, third},
		"the resource's without any other":         {environment{"ARM_SUBSCRIPTION_ID": ""}, nil, object{"subscription_id": third}, third},
		"none":                                     {environment{"ARM_SUBSCRIPTION_ID": ""}, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prototest.Start(t, prototest.Environment(c.env), prototest.Configuration(c.config), prototest.Seed(func(s *mockarm.Seed) {
				s.ResourceGroups[0].Subscription = mockarm.DefaultSubscriptionID
				s.VirtualMachines[0].Subscription = mockarm.DefaultSubscriptionID
				for _, id := range []string{second, third} {
					s.Subscriptions = append(s.Subscriptions, mockarm.SeedSubscription{ID: id})
					s.ResourceGroups = append(s.ResourceGroups, mockarm.SeedResourceGroup{Subscription: id, Name: "DevTest", Location: "westus"})
					s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{
						Role: "Owner", Principal: mockarm.DefaultOperatorID, Scope: "/subscriptions/" + id,
					})
				}
			}))
			r := p.Resource("azuremi_user_assigned_identity")
			diags := r.Apply(object{"name": "id-new", "resource_group_name": "DevTest", "location": "westus"}.With(c.resource))
			if c.want == "" {
				if !strings.Contains(diags.String(), "No subscription") || !strings.Contains(diags.String(), "ARM_SUBSCRIPTION_ID") {
					t.Errorf("it says: %s", diags)
				}
				return
			}
			identities := p.Mock.World().State().Identities
			if len(diags) > 0 || len(identities) != 1 || !strings.HasPrefix(identities[0].ID, "/subscriptions/"+c.want+"/") {
				t.Errorf("Azure has %+v, want one in %s: %s", identities, c.want, diags)
			}
		})
	}
}

// hosts collects the hosts that the provider sends requests to, in order and each once.
type hosts []string

func (h *hosts) watch(req *http.Request) {
	if !slices.Contains(*h, req.URL.Host) {
		*h = append(*h, req.URL.Host)
	}
}

func TestWhereAzureIs(t *testing.T) {
	t.Parallel()
	noEndpoints := environment{"ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": "", "ARM_RESOURCE_MANAGER_ENDPOINT": "", "ARM_RESOURCE_MANAGER_AUDIENCE": "", "ARM_METADATA_HOSTNAME": ""}
	type object = prototest.Object
	endpoint := object{
		"active_directory_authority_host": "https://login.configured.invalid",
		"resource_manager_endpoint":       "https://arm.configured.invalid/",
		"resource_manager_audience":       "https://management.core.windows.net",
	}
	for name, c := range map[string]struct {
		env    environment
		config object
		hosts  []string
		// audience is what the mock, which issues tokens for its own ARM only, refuses; "" for none.
		audience string
	}{
		"nothing is said": {
			noEndpoints.with(environment{"ARM_ENVIRONMENT": ""}), nil, []string{"login.microsoftonline.com", "management.azure.com"}, "",
		},
		"a named cloud, whatever the endpoints": {
			environment{"ARM_ENVIRONMENT": "public", "ARM_METADATA_HOSTNAME": ""}, nil, []string{"login.microsoftonline.com", "management.azure.com"}, "",
		},
		"another named cloud": {
			environment{"ARM_ENVIRONMENT": "USGovernment", "ARM_METADATA_HOSTNAME": ""}, nil, []string{"login.microsoftonline.us"}, "https://management.usgovcloudapi.net",
		},
		"a named cloud in the configuration over the environment": {
			environment{"ARM_ENVIRONMENT": "usgovernment", "ARM_METADATA_HOSTNAME": ""}, object{"environment": "China"}, []string{"login.chinacloudapi.cn"}, "https://management.chinacloudapi.cn",
		},
		"custom in the environment": {
			nil, nil, []string{"mockarm.invalid"}, "",
		},
		"custom in the environment, in capitals": {
			environment{"ARM_ENVIRONMENT": "Custom"}, nil, []string{"mockarm.invalid"}, "",
		},
		"custom in the configuration": {
			noEndpoints.with(environment{"ARM_ENVIRONMENT": "public"}),
			object{"environment": "CUSTOM", "endpoint": endpoint},
			[]string{"login.configured.invalid", "arm.configured.invalid"},
			"",
		},
		"endpoints in the configuration over the environment": {
			nil, object{"endpoint": endpoint}, []string{"login.configured.invalid", "arm.configured.invalid"}, "",
		},
		"a host to ask, in the environment": {
			noEndpoints.with(environment{"ARM_METADATA_HOSTNAME": "mockarm.invalid"}), nil, []string{"mockarm.invalid"}, "",
		},
		"a host to ask, in the configuration over the environment, whatever the cloud's name": {
			noEndpoints.with(environment{"ARM_ENVIRONMENT": "china", "ARM_METADATA_HOSTNAME": "nobody.invalid"}),
			object{"environment": "usgovernment", "metadata_host": "mockarm.invalid:443"},
			[]string{"mockarm.invalid:443"},
			"",
		},
		"endpoints over what the host says": {
			noEndpoints.with(environment{"ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": "https://login.configured.invalid"}),
			object{"metadata_host": "mockarm.invalid", "endpoint": object{"resource_manager_endpoint": "https://arm.configured.invalid"}},
			[]string{"mockarm.invalid", "login.configured.invalid", "arm.configured.invalid"},
			"",
		},
		"a host that need not be asked": {
			noEndpoints,
			object{"metadata_host": "nobody.invalid", "endpoint": endpoint.With(object{"resource_manager_audience": "https://management.azure.com"})},
			[]string{"login.configured.invalid", "arm.configured.invalid"},
			"",
		},
		"one endpoint in the configuration": {
			nil,
			object{"endpoint": object{"resource_manager_endpoint": "https://arm.configured.invalid"}},
			[]string{"mockarm.invalid", "arm.configured.invalid"},
			"",
		},
		"the audience in the configuration over the environment": {
			nil, object{"endpoint": object{"resource_manager_audience": "https://audience.invalid"}}, []string{"mockarm.invalid"}, "https://audience.invalid",
		},
		"the audience in the environment": {
			environment{"ARM_RESOURCE_MANAGER_AUDIENCE": "https://audience.invalid/"}, nil, []string{"mockarm.invalid"}, "https://audience.invalid",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen hosts
			p := prototest.Start(t, prototest.Seed(principals), prototest.Watch(seen.watch), prototest.Configuration(c.config),
				prototest.Environment(environment{"ARM_DISABLE_INSTANCE_DISCOVERY": "true"}.with(c.env)))
			caller, diags := ask(t, p)
			if !slices.Equal(seen, c.hosts) {
				t.Errorf("the hosts are %v, want %v: %s", seen, c.hosts, diags)
			}
			if c.audience == "" && caller != mockarm.DefaultOperatorID {
				t.Errorf("the mock saw %q: %s", caller, diags)
			}
			if !strings.Contains(diags.String(), c.audience) {
				t.Errorf("the error lacks %q: %s", c.audience, diags)
			}
		})
	}
}

func TestInstanceDiscoveryIsLeftOutWhereItIsToBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    string
		config prototest.Object
		asks   bool
	}{
		"by default it takes place":                  {"", nil, true},
		"the environment leaves it out":              {"true", nil, false},
		"the configuration leaves it out":            {"false", prototest.Object{"disable_instance_discovery": true}, false},
		"the configuration has it against the other": {"true", prototest.Object{"disable_instance_discovery": false}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := false
			p := prototest.Start(t, prototest.Seed(principals), prototest.Configuration(c.config),
				prototest.Environment(environment{"ARM_DISABLE_INSTANCE_DISCOVERY": c.env}),
				prototest.Watch(func(req *http.Request) { asked = asked || strings.HasSuffix(req.URL.Path, "/discovery/instance") }))
			caller, diags := ask(t, p)
			if asked != c.asks {
				t.Errorf("discovery took place: %t, %s", asked, diags)
			}
			if !c.asks && caller != mockarm.DefaultOperatorID {
				t.Errorf("the mock saw %q: %s", caller, diags)
			}
		})
	}
}

func TestWhereTheMetadataServiceIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    string
		config prototest.Object
		want   string
	}{
		"at its usual address":                     {"", nil, "169.254.169.254"},
		"where the environment says":               {"http://127.0.0.1:1/metadata/identity/oauth2/token", nil, "127.0.0.1:1"},
		"the configuration's over the environment": {"http://127.0.0.1:1", prototest.Object{"msi_endpoint": "http://[::1]:2/"}, "[::1]:2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen hosts
			p := prototest.Start(t, prototest.Seed(principals), prototest.Configuration(prototest.Object{"use_msi": true}.With(c.config)),
				prototest.Environment(noLogin.with(environment{"ARM_MSI_ENDPOINT": c.env})), prototest.Watch(seen.watch))
			if _, diags := ask(t, p); len(diags) > 0 || len(seen) == 0 || seen[0] != c.want {
				t.Errorf("the hosts are %v, want %s first: %s", seen, c.want, diags)
			}
		})
	}
}
