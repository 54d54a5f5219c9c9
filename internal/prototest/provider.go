// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider"
)

// Machine is the name of the virtual machine in the mock's default world. The provider runs on it: its IMDS is what it reaches.
const Machine = "vm-linux"

// Provider is the provider, configured for a mock Azure.
type Provider struct {
	// Mock is the Azure behind the provider.
	Mock *mockarm.Server
	// OldTerraform has the provider driven as Terraform before 1.12 does it: without identities.
	OldTerraform bool

	t          testing.TB
	config     Object // the provider's block
	log        io.Writer
	server     tfprotov6.ProviderServer
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities *tfprotov6.GetResourceIdentitySchemasResponse
}

// An Option changes what [Start] starts.
type Option func(*setup)

type setup struct {
	mock   *mockarm.Server
	seed   mockarm.Seed
	env    map[string]string
	config Object
	watch  func(*http.Request)
	log    io.Writer
}

// With puts the provider before a mock that is there already, instead of one of its own with the default world.
func With(mock *mockarm.Server) Option { return func(s *setup) { s.mock = mock } }

// As logs the provider in as somebody else than the operator of the default world: a new service principal, with the given
// roles in it.
func As(displayName string, roles ...mockarm.SeedRoleAssignment) Option {
	principal := mockarm.SeedPrincipal{
		ObjectID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: displayName, Secret: "the secret of " + displayName,
	}
	return func(s *setup) {
		s.seed.Principals = append(s.seed.Principals, principal)
		for _, role := range roles {
			role.Principal = principal.ObjectID
			s.seed.RoleAssignments = append(s.seed.RoleAssignments, role)
		}
		s.env["ARM_CLIENT_ID"], s.env["ARM_CLIENT_SECRET"] = principal.AppID, principal.Secret
	}
}

// Seed changes the default world before it comes into being.
func Seed(change func(*mockarm.Seed)) Option { return func(s *setup) { change(&s.seed) } }

// Environment sets environment variables beside those that make the provider log in as the world's operator, or takes them
// away with "".
func Environment(variables map[string]string) Option {
	return func(s *setup) { maps.Copy(s.env, variables) }
}

// Configuration is the provider's block.
func Configuration(config Object) Option {
	return func(s *setup) { s.config = s.config.With(config) }
}

// Watch shows every request of the provider, to ARM, Entra and IMDS, before the mock answers it. The mock does whatever host
// a request is for, so that this is the place to see whom the provider meant.
func Watch(watch func(*http.Request)) Option { return func(s *setup) { s.watch = watch } }

// Log has the provider write its log, as JSON and with all that it has to say.
func Log(to io.Writer) Option { return func(s *setup) { s.log = to } }

// Start returns a provider that is configured for a mock Azure, by environment variables unless options say otherwise.
func Start(tb testing.TB, options ...Option) *Provider {
	tb.Helper()
	p, diags := Configure(tb, options...)
	if diags.HasError() {
		tb.Fatalf("configuring the provider: %s", diags)
	}
	return p
}

// Configure is [Start] where the provider may refuse its configuration, and returns what it says.
func Configure(tb testing.TB, options ...Option) (*Provider, Diagnostics) {
	tb.Helper()
	s := setup{seed: mockarm.DefaultSeed(), env: map[string]string{}, config: Object{}, watch: func(*http.Request) {}}
	for _, option := range options {
		option(&s)
	}
	if s.mock == nil {
		world, err := mockarm.NewWorld(s.seed, &mockarm.Clock{})
		if err != nil {
			tb.Fatal(err)
		}
		s.mock = mockarm.NewServer(world)
	}
	env, err := s.mock.Environment(mockarm.CertificateFiles{}, "")
	if err != nil {
		tb.Fatal(err)
	}
	maps.Copy(env, s.env)
	machine, err := s.mock.World().FindMachine(Machine)
	if err != nil {
		tb.Fatal(err)
	}
	p := &Provider{Mock: s.mock, t: tb, config: s.config, log: s.log}
	p.serve(provider.New("test",
		provider.WithEnvironment(func(name string) string { return env[name] }),
		provider.WithTransports(watched{s.mock.Transport(), s.watch}, watched{s.mock.IMDSTransport(machine), s.watch})))
	return p, p.configure(s.config)
}

// watched is a way to the mock that is looked at.
type watched struct {
	http.RoundTripper

	watch func(*http.Request)
}

// RoundTrip implements [http.RoundTripper].
func (w watched) RoundTrip(req *http.Request) (*http.Response, error) {
	w.watch(req)
	return w.RoundTripper.RoundTrip(req)
}

// Schemas are the schemas of all that the provider has.
func (p *Provider) Schemas() *tfprotov6.GetProviderSchemaResponse { return p.schemas }

// IdentitySchemas are the identity schemas of the resources, by type.
func (p *Provider) IdentitySchemas() map[string]*tfprotov6.ResourceIdentitySchema {
	return p.identities.IdentitySchemas
}

// serve starts the protocol's server and asks for what it has.
func (p *Provider) serve(factory func() frameworkprovider.Provider) {
	p.t.Helper()
	var err error
	if p.server, err = providerserver.NewProtocol6WithError(factory())(); err != nil {
		p.t.Fatalf("starting the provider: %v", err)
	}
	if p.schemas, err = p.server.GetProviderSchema(p.context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		p.t.Fatalf("reading the schemas: %v", err)
	}
	if p.identities, err = p.server.GetResourceIdentitySchemas(p.context(), &tfprotov6.GetResourceIdentitySchemasRequest{}); err != nil {
		p.t.Fatalf("reading the identity schemas: %v", err)
	}
	if diags := append(diagnostics(p.schemas.Diagnostics), diagnostics(p.identities.Diagnostics)...); diags.HasError() {
		p.t.Fatalf("reading the schemas: %s", diags)
	}
}

// configure hands the provider its block.
func (p *Provider) configure(config Object) Diagnostics {
	p.t.Helper()
	value := p.dynamic(p.schemas.Provider.ValueType(), config)
	validated, err := p.server.ValidateProviderConfig(p.context(), &tfprotov6.ValidateProviderConfigRequest{Config: value})
	if err != nil {
		p.t.Fatalf("validating the provider's block: %v", err)
	}
	diags := diagnostics(validated.Diagnostics)
	if diags.HasError() {
		return diags
	}
	configured, err := p.server.ConfigureProvider(p.context(), &tfprotov6.ConfigureProviderRequest{Config: value})
	if err != nil {
		p.t.Fatalf("configuring the provider: %v", err)
	}
	return append(diags, diagnostics(configured.Diagnostics)...)
}

// context is that of a request: with a logger of its own, as the protocol's server makes it.
func (p *Provider) context() context.Context {
	if p.log == nil {
		return p.t.Context()
	}
	return tflogtest.RootLogger(p.t.Context(), p.log)
}

// dynamic encodes a test's value for the protocol; nil is null.
func (p *Provider) dynamic(typ tftypes.Type, object Object) *tfprotov6.DynamicValue {
	p.t.Helper()
	value := tftypes.NewValue(typ, nil)
	if object != nil {
		var err error
		if value, err = toValue(typ, object); err != nil {
			p.t.Fatal(err)
		}
	}
	return p.encode(typ, value)
}

func (p *Provider) encode(typ tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	p.t.Helper()
	encoded, err := tfprotov6.NewDynamicValue(typ, value)
	if err != nil {
		p.t.Fatal(err)
	}
	return &encoded
}

// decode reads a value of the protocol; nil and null are null.
func (p *Provider) decode(typ tftypes.Type, encoded *tfprotov6.DynamicValue) tftypes.Value {
	p.t.Helper()
	if encoded == nil {
		return tftypes.NewValue(typ, nil)
	}
	value, err := encoded.Unmarshal(typ)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// Diagnostics are errors and warnings as a user reads them.
type Diagnostics []Diagnostic

// Diagnostic is one error or warning. Path is the attribute that it points to, "" for none.
type Diagnostic struct {
	Warning         bool
	Summary, Detail string
	Path            string
}

// HasError reports whether there is an error among them.
func (d Diagnostics) HasError() bool {
	for _, one := range d {
		if !one.Warning {
			return true
		}
	}
	return false
}

// String writes all of them.
func (d Diagnostics) String() string {
	var b strings.Builder
	for _, one := range d {
		severity := "Error"
		if one.Warning {
			severity = "Warning"
		}
		fmt.Fprintf(&b, "%s: %s\n  at %s\n%s\n", severity, one.Summary, one.Path, one.Detail)
	}
	return b.String()
}

func diagnostics(in []*tfprotov6.Diagnostic) Diagnostics {
	var out Diagnostics
	for _, d := range in {
		one := Diagnostic{Warning: d.Severity == tfprotov6.DiagnosticSeverityWarning, Summary: d.Summary, Detail: d.Detail}
		if d.Attribute != nil {
			one.Path = d.Attribute.String()
		}
		out = append(out, one)
	}
	return out
}

// NextRun configures the provider anew, as it is for each walk of a run of Terraform: what it has read before is forgotten.
func (p *Provider) NextRun() {
	p.t.Helper()
	if diags := p.configure(p.config); diags.HasError() {
		p.t.Fatalf("configuring the provider: %s", diags)
	}
}

// Behind does something in Azure behind Terraform's back, between two runs of it, as the operator of the world, and returns
// the answer. It waits for the operation that it begins.
func (p *Provider) Behind(method, path, body string) map[string]any {
	p.t.Helper()
	answer, err := p.operator().Do(p.t.Context(), method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.NextRun()
	return answer
}

// BeginBehind is [Provider.Behind] without the wait.
func (p *Provider) BeginBehind(method, path, body string) {
	p.t.Helper()
	if err := p.operator().Begin(p.t.Context(), method, path, body); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Provider) operator() *operator.Operator {
	p.t.Helper()
	o, err := operator.New(p.Mock)
	if err != nil {
		p.t.Fatal(err)
	}
	return o
}
