// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
)

// The conformance tests have Azure's own clients find the mock to be Azure, over TLS and HTTP/2.

// A cloudUnderTest is a mock Azure that listens, with what a client needs to reach it.
type cloudUnderTest struct {
	*azure
	http    *http.Client
	options policy.ClientOptions
}

// newCloud starts the default world on a socket. Its operations take milliseconds.
func newCloud(t *testing.T) *cloudUnderTest {
	t.Helper()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) {
		settings.OperationDuration, settings.RetryAfter = 20*time.Millisecond, 5*time.Millisecond
	})
	if err := a.Listen(); err != nil {
		t.Fatalf("listening: %v", err)
	}
	transport := a.SocketTransport()
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	return &cloudUnderTest{azure: a, http: client, options: policy.ClientOptions{
		Cloud: cloud.Configuration{
			ActiveDirectoryAuthorityHost: a.URL() + "/",
			Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				cloud.ResourceManager: {Endpoint: a.URL(), Audience: "https://management.azure.com"},
			},
		},
		Transport: client,
		// A refusal is what some tests are after, and nothing here is too busy.
		Retry: policy.RetryOptions{MaxRetries: -1},
	}}
}

// arm are the options of a client of Azure Resource Manager.
func (c *cloudUnderTest) arm() *arm.ClientOptions {
	return &arm.ClientOptions{ClientOptions: c.options}
}

// operator signs in with the operator's secret.
func (c *cloudUnderTest) operator(t *testing.T) azcore.TokenCredential {
	t.Helper()
	operator := c.World().Operator()
	return c.signIn(t, operator.AppID, operator.Secret)
}

func (c *cloudUnderTest) signIn(t *testing.T, appID, secret string) azcore.TokenCredential {
	t.Helper()
	credential, err := azidentity.NewClientSecretCredential(DefaultTenantID, appID, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: c.options, DisableInstanceDiscovery: true,
	})
	return made(t, credential, err)
}

// machineCredential is a managed identity on the default machine, by its client ID, or without one the default.
func (c *cloudUnderTest) machineCredential(t *testing.T, clientID string) azcore.TokenCredential {
	t.Helper()
	endpoint, err := c.IMDSEndpoint(DefaultMachineID)
	if err != nil {
		t.Fatalf("starting the IMDS: %v", err)
	}
	imds, err := url.Parse(endpoint)
	if err != nil {
		t.Fatalf("reading %q: %v", endpoint, err)
	}
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: c.options}
	options.Transport = transporter(func(outgoing *http.Request) (*http.Response, error) {
		moved := outgoing.Clone(outgoing.Context())
		moved.URL.Host = imds.Host
		return c.http.Do(moved)
	})
	if clientID != "" {
		options.ID = azidentity.ClientID(clientID)
	}
	credential, err := azidentity.NewManagedIdentityCredential(options)
	return made(t, credential, err)
}

// A transporter sends requests by a function.
type transporter func(*http.Request) (*http.Response, error)

func (f transporter) Do(outgoing *http.Request) (*http.Response, error) { return f(outgoing) }

// made passes on what a constructor has made.
func made[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// A clientSet holds the clients that the tests use, all with one credential.
type clientSet struct {
	identities       *armmsi.UserAssignedIdentitiesClient
	systemIdentities *armmsi.SystemAssignedIdentitiesClient
	machines         *armcompute.VirtualMachinesClient
	scaleSets        *armcompute.VirtualMachineScaleSetsClient
	instances        *armcompute.VirtualMachineScaleSetVMsClient
	assignments      *armauthorization.RoleAssignmentsClient
	definitions      *armauthorization.RoleDefinitionsClient
	permissions      *armauthorization.PermissionsClient
	groups           *armresources.ResourceGroupsClient
	providers        *armresources.ProvidersClient
	subscriptions    *armsubscriptions.Client
	tenants          *armsubscriptions.TenantsClient
}

func (c *cloudUnderTest) clients(t *testing.T, credential azcore.TokenCredential) clientSet {
	t.Helper()
	var set clientSet
	var errs [12]error
	set.identities, errs[0] = armmsi.NewUserAssignedIdentitiesClient(DefaultSubscriptionID, credential, c.arm())
	set.systemIdentities, errs[1] = armmsi.NewSystemAssignedIdentitiesClient(credential, c.arm())
	set.machines, errs[2] = armcompute.NewVirtualMachinesClient(DefaultSubscriptionID, credential, c.arm())
	set.assignments, errs[3] = armauthorization.NewRoleAssignmentsClient(DefaultSubscriptionID, credential, c.arm())
	set.definitions, errs[4] = armauthorization.NewRoleDefinitionsClient(credential, c.arm())
	set.permissions, errs[5] = armauthorization.NewPermissionsClient(DefaultSubscriptionID, credential, c.arm())
	set.groups, errs[6] = armresources.NewResourceGroupsClient(DefaultSubscriptionID, credential, c.arm())
	set.providers, errs[7] = armresources.NewProvidersClient(DefaultSubscriptionID, credential, c.arm())
	set.subscriptions, errs[8] = armsubscriptions.NewClient(credential, c.arm())
	set.tenants, errs[9] = armsubscriptions.NewTenantsClient(credential, c.arm())
	set.scaleSets, errs[10] = armcompute.NewVirtualMachineScaleSetsClient(DefaultSubscriptionID, credential, c.arm())
	set.instances, errs[11] = armcompute.NewVirtualMachineScaleSetVMsClient(DefaultSubscriptionID, credential, c.arm())
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatalf("making the clients: %v", err)
	}
	return set
}

// wantRefusal checks that a client was refused with a status and a code.
func wantRefusal(t *testing.T, err error, status int, code string) {
	t.Helper()
	refusal, isRefusal := errors.AsType[*azcore.ResponseError](err)
	if !isRefusal {
		t.Fatalf("got %v, want %s", err, code)
	}
	if refusal.StatusCode != status || refusal.ErrorCode != code {
		t.Fatalf("got %d %s, want %d %s\n%v", refusal.StatusCode, refusal.ErrorCode, status, code, err)
	}
}

// collect reads all pages of a list.
func collect[P, T any](ctx context.Context, t *testing.T, pager *runtime.Pager[P], items func(P) []*T) (all []*T, pages int) {
	t.Helper()
	for pager.More() {
		next, err := pager.NextPage(ctx)
		if err != nil {
			t.Fatalf("reading page %d: %v", pages+1, err)
		}
		pages++
		all = append(all, items(next)...)
	}
	return all, pages
}

// makeIdentity makes an identity in DevTest by its client.
func (set clientSet) makeIdentity(t *testing.T, name string) armmsi.Identity {
	t.Helper()
	identity, err := set.identities.CreateOrUpdate(t.Context(), "DevTest", name, armmsi.Identity{Location: new("westus")}, nil)
	return made(t, identity.Identity, err)
}

func TestClientsFindTheIdentityLifeCycle(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	ctx := t.Context()

	identity := set.makeIdentity(t, "deploy")
	if !strings.Contains(*identity.ID, "/resourcegroups/") || *identity.Properties.IsolationScope != armmsi.IsolationScopeNone {
		t.Errorf("made %+v", identity)
	}
	updated, err := set.identities.Update(ctx, "DevTest", "deploy", armmsi.IdentityUpdate{Tags: map[string]*string{"a": new("b")}}, nil)
	if err != nil || *updated.Tags["a"] != "b" {
		t.Errorf("updated to %+v, %v", updated.Identity, err)
	}
	read, err := set.identities.Get(ctx, "devtest", "DEPLOY", nil)
	if err != nil || *read.Properties.ClientID != *identity.Properties.ClientID {
		t.Errorf("read %+v, %v", read.Identity, err)
	}
	if _, err = set.identities.Delete(ctx, "DevTest", "deploy", nil); err != nil {
		t.Errorf("deleting: %v", err)
	}
	if _, err = set.identities.Delete(ctx, "DevTest", "deploy", nil); err != nil {
		t.Errorf("deleting once more: %v", err)
	}
	_, err = set.identities.Get(ctx, "DevTest", "deploy", nil)
	wantRefusal(t, err, http.StatusNotFound, "ResourceNotFound")
	_, err = set.identities.Get(ctx, "Nowhere", "deploy", nil)
	wantRefusal(t, err, http.StatusNotFound, "ResourceGroupNotFound")
}

func TestClientsReadAllPages(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.World().Configure(func(settings *Settings) { settings.PageSize = 2 })
	set := c.clients(t, c.operator(t))
	for _, name := range []string{"aaa", "bbb", "ccc", "ddd", "eee"} {
		set.makeIdentity(t, name)
	}
	all, pages := collect(t.Context(), t, set.identities.NewListBySubscriptionPager(nil),
		func(p armmsi.UserAssignedIdentitiesClientListBySubscriptionResponse) []*armmsi.Identity {
			return p.Value
		})
	if len(all) != 5 || pages != 3 {
		t.Errorf("%d identities on %d pages, want 5 on 3", len(all), pages)
	}
}

func TestClientsFindSubscriptionsGroupsAndTenants(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	ctx := t.Context()

	subscriptions, _ := collect(ctx, t, set.subscriptions.NewListPager(nil),
		func(p armsubscriptions.ClientListResponse) []*armsubscriptions.Subscription { return p.Value })
	if len(subscriptions) != 1 || *subscriptions[0].SubscriptionID != DefaultSubscriptionID || *subscriptions[0].State != armsubscriptions.SubscriptionStateEnabled {
		t.Errorf("subscriptions %v", subscriptions)
	}
	tenants, _ := collect(ctx, t, set.tenants.NewListPager(nil),
		func(p armsubscriptions.TenantsClientListResponse) []*armsubscriptions.TenantIDDescription {
			return p.Value
		})
	if len(tenants) != 1 || *tenants[0].TenantID != DefaultTenantID {
		t.Errorf("tenants %v", tenants)
	}
	locations, _ := collect(ctx, t, set.subscriptions.NewListLocationsPager(DefaultSubscriptionID, nil),
		func(p armsubscriptions.ClientListLocationsResponse) []*armsubscriptions.Location { return p.Value })
	if len(locations) != len(regions) {
		t.Errorf("%d locations, want %d", len(locations), len(regions))
	}

	if exists, err := set.groups.CheckExistence(ctx, "team", nil); err != nil || exists.Success {
		t.Errorf("a group that was never made exists: %t, %v", exists.Success, err)
	}
	if _, err := set.groups.CreateOrUpdate(ctx, "team", armresources.ResourceGroup{Location: new("westus")}, nil); err != nil {
		t.Fatalf("making a group: %v", err)
	}
	if exists, err := set.groups.CheckExistence(ctx, "team", nil); err != nil || !exists.Success {
		t.Errorf("a group that was made exists: %t, %v", exists.Success, err)
	}
	deletion, err := set.groups.BeginDelete(ctx, "team", nil)
	if _, err = made(t, deletion, err).PollUntilDone(ctx, nil); err != nil {
		t.Errorf("deleting a group: %v", err)
	}
	_, err = set.groups.Get(ctx, "team", nil)
	wantRefusal(t, err, http.StatusNotFound, "ResourceGroupNotFound")
}

func TestClientsRegisterTheProvidersThatTheyNeed(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	if _, err := set.providers.Unregister(t.Context(), "Microsoft.ManagedIdentity", nil); err != nil {
		t.Fatalf("unregistering: %v", err)
	}
	set.makeIdentity(t, "deploy")
	provider, err := set.providers.Get(t.Context(), "Microsoft.ManagedIdentity", nil)
	if err != nil || *provider.RegistrationState != "Registered" {
		t.Errorf("the provider is %+v, %v", provider.Provider, err)
	}
}
