// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Action is what a plan will do.
type Action string

// The actions of a plan.
const (
	NoOp    Action = "no-op"
	Create  Action = "create"
	Update  Action = "update"
	Replace Action = "replace"
)

// Resource is one resource in a configuration and a state of its own.
type Resource struct {
	p        *Provider
	typeName string
	typ      tftypes.Type
	state    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// Resource returns a resource of a type that is not in state yet.
func (p *Provider) Resource(typeName string) *Resource {
	p.t.Helper()
	schema, ok := p.schemas.ResourceSchemas[typeName]
	if !ok {
		p.t.Fatalf("the provider has no resource %q", typeName)
	}
	typ := schema.ValueType()
	return &Resource{p: p, typeName: typeName, typ: typ, state: tftypes.NewValue(typ, nil)}
}

// State returns what is in state, nil when nothing is.
func (r *Resource) State() Object {
	r.p.t.Helper()
	value, err := fromValue(r.state)
	if err != nil {
		r.p.t.Fatal(err)
	}
	object, _ := value.(Object)
	return object
}

// Get returns an attribute of the state as text, "" when it is null.
func (r *Resource) Get(attribute string) string {
	r.p.t.Helper()
	text, _ := r.State()[attribute].(string)
	return text
}

// Apply brings the resource to a configuration as "terraform apply" does, with the refresh before and, when all went well,
// a plan after that must be empty.
func (r *Resource) Apply(config Object) Diagnostics {
	r.p.t.Helper()
	diags := r.Refresh()
	if diags.HasError() {
		return diags
	}
	plan, more := r.Plan(config)
	diags = append(diags, more...)
	if diags.HasError() {
		return diags
	}
	if plan.Action == Replace {
		if more := r.Destroy(); more.HasError() {
			return append(diags, more...)
		}
		// Terraform plans the second half of a replacement as the creation of something new.
		if plan, more = r.Plan(config); more.HasError() {
			return append(diags, more...)
		}
	}
	if plan.Action == NoOp {
		return diags
	}
	if diags = append(diags, r.ApplyPlan(plan)...); diags.HasError() {
		return diags
	}
	r.settled(config)
	return diags
}

// settled fails the test unless a plan after an apply is empty.
func (r *Resource) settled(config Object) {
	r.p.t.Helper()
	before := r.state
	if diags := r.Refresh(); diags.HasError() {
		r.p.t.Fatalf("refreshing %s after apply: %s", r.typeName, diags)
	}
	if !before.Equal(r.state) {
		r.p.t.Fatalf("%s drifts at once:\n%s\nbecame\n%s", r.typeName, before, r.state)
	}
	plan, diags := r.Plan(config)
	if diags.HasError() || plan.Action != NoOp {
		r.p.t.Fatalf("the plan of %s after apply is to %s:\n%s\n%s", r.typeName, plan.Action, plan.planned, diags)
	}
}

// Plan is what Terraform would show.
type Plan struct {
	Action Action
	// RequiresReplace are the attributes that make it a replacement.
	RequiresReplace []string

	planned, config tftypes.Value
	private         []byte
	identity        *tfprotov6.ResourceIdentityData
}

// Get returns a planned attribute: its text, nil for null, or [Unknown].
func (p Plan) Get(attribute string) any {
	value, _ := fromValue(p.planned)
	object, _ := value.(Object)
	return object[attribute]
}

// Plan validates a configuration and plans it against the state, without a refresh.
func (r *Resource) Plan(config Object) (Plan, Diagnostics) {
	r.p.t.Helper()
	value, err := toValue(r.typ, config)
	if err != nil {
		r.p.t.Fatalf("%s: %v", r.typeName, err)
	}
	encoded := r.p.encode(r.typ, value)
	validated, err := r.p.server.ValidateResourceConfig(r.p.context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: r.typeName, Config: encoded})
	if err != nil {
		r.p.t.Fatalf("validating %s: %v", r.typeName, err)
	}
	diags := diagnostics(validated.Diagnostics)
	if diags.HasError() {
		return Plan{}, diags
	}
	proposed, err := r.proposed(value)
	if err != nil {
		r.p.t.Fatalf("%s: %v", r.typeName, err)
	}
	planned, err := r.p.server.PlanResourceChange(r.p.context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: r.typeName, PriorState: r.p.encode(r.typ, r.state), ProposedNewState: r.p.encode(r.typ, proposed),
		Config: encoded, PriorPrivate: r.private, PriorIdentity: r.sentIdentity(),
	})
	if err != nil {
		r.p.t.Fatalf("planning %s: %v", r.typeName, err)
	}
	if diags = append(diags, diagnostics(planned.Diagnostics)...); diags.HasError() {
		return Plan{}, diags
	}
	plan := Plan{planned: r.p.decode(r.typ, planned.PlannedState), config: value, private: planned.PlannedPrivate, identity: planned.PlannedIdentity}
	for _, path := range planned.RequiresReplace {
		plan.RequiresReplace = append(plan.RequiresReplace, path.String())
	}
	switch {
	case r.state.IsNull():
		plan.Action = Create
	case plan.planned.Equal(r.state):
		plan.Action = NoOp
	case len(plan.RequiresReplace) > 0:
		plan.Action = Replace
	default:
		plan.Action = Update
	}
	return plan, diags
}

// proposed merges a configuration with the state as Terraform's core does before it asks for a plan: what the
// configuration leaves out of a computed attribute stays as it is in state.
func (r *Resource) proposed(config tftypes.Value) (tftypes.Value, error) {
	var configured, prior map[string]tftypes.Value
	if err := config.As(&configured); err != nil {
		return tftypes.Value{}, err
	}
	if r.state.IsNull() {
		return config, nil
	}
	if err := r.state.As(&prior); err != nil {
		return tftypes.Value{}, err
	}
	for _, attribute := range r.p.schemas.ResourceSchemas[r.typeName].Block.Attributes {
		if attribute.Computed && configured[attribute.Name].IsNull() {
			configured[attribute.Name] = prior[attribute.Name]
		}
	}
	return tftypes.NewValue(r.typ, configured), nil
}

// ApplyPlan carries a plan out as "terraform apply" does with a saved one, and fails the test if the result is not what was
// planned.
func (r *Resource) ApplyPlan(plan Plan) Diagnostics {
	r.p.t.Helper()
	applied, err := r.p.server.ApplyResourceChange(r.p.context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.typeName, PriorState: r.p.encode(r.typ, r.state), PlannedState: r.p.encode(r.typ, plan.planned),
		Config: r.p.encode(r.typ, plan.config), PlannedPrivate: plan.private, PlannedIdentity: plan.identity,
	})
	if err != nil {
		r.p.t.Fatalf("applying %s: %v", r.typeName, err)
	}
	diags := diagnostics(applied.Diagnostics)
	r.keep(applied.NewState, applied.Private, applied.NewIdentity)
	if !diags.HasError() {
		if err := consistent(plan.planned, r.state); err != nil {
			r.p.t.Fatalf("%s: the provider produced an inconsistent result after apply: %v", r.typeName, err)
		}
	}
	return diags
}

// consistent checks Terraform's contract: what was known in the plan is the same in the new state, and all is known.
func consistent(planned, state tftypes.Value) error {
	if !state.IsFullyKnown() {
		return errors.New("the new state has unknown values")
	}
	var want, got map[string]tftypes.Value
	if err := planned.As(&want); err != nil {
		return err
	}
	if err := state.As(&got); err != nil {
		return err
	}
	for name, value := range want {
		if value.IsFullyKnown() && !value.Equal(got[name]) {
			return fmt.Errorf("%s was planned as %s and is %s", name, value, got[name])
		}
	}
	return nil
}

// Refresh reads the resource, as a plan does first.
func (r *Resource) Refresh() Diagnostics {
	r.p.t.Helper()
	if r.state.IsNull() {
		return nil
	}
	read, err := r.p.server.ReadResource(r.p.context(), &tfprotov6.ReadResourceRequest{
		TypeName: r.typeName, CurrentState: r.p.encode(r.typ, r.state), Private: r.private, CurrentIdentity: r.sentIdentity(),
	})
	if err != nil {
		r.p.t.Fatalf("reading %s: %v", r.typeName, err)
	}
	diags := diagnostics(read.Diagnostics)
	if !diags.HasError() {
		r.keep(read.NewState, read.Private, read.NewIdentity)
	}
	return diags
}

// Destroy deletes the resource, as "terraform destroy" does without its refresh.
func (r *Resource) Destroy() Diagnostics {
	r.p.t.Helper()
	null := tftypes.NewValue(r.typ, nil)
	destroyed, err := r.p.server.ApplyResourceChange(r.p.context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.typeName, PriorState: r.p.encode(r.typ, r.state), PlannedState: r.p.encode(r.typ, null),
		Config: r.p.encode(r.typ, null), PlannedPrivate: r.private, PlannedIdentity: r.sentIdentity(),
	})
	if err != nil {
		r.p.t.Fatalf("destroying %s: %v", r.typeName, err)
	}
	diags := diagnostics(destroyed.Diagnostics)
	r.keep(destroyed.NewState, destroyed.Private, destroyed.NewIdentity)
	if !diags.HasError() && !r.state.IsNull() {
		r.p.t.Fatalf("%s is still in state after destroy: %s", r.typeName, r.state)
	}
	return diags
}

// Import takes an existing object into state by its ID, and reads it.
func (r *Resource) Import(id string) Diagnostics {
	r.p.t.Helper()
	return r.importAs(&tfprotov6.ImportResourceStateRequest{TypeName: r.typeName, ID: id})
}

// ImportIdentity takes an existing object into state by its identity, and reads it.
func (r *Resource) ImportIdentity(identity Object) Diagnostics {
	r.p.t.Helper()
	typ := r.p.identities.IdentitySchemas[r.typeName].ValueType()
	return r.importAs(&tfprotov6.ImportResourceStateRequest{
		TypeName: r.typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: r.p.dynamic(typ, identity)},
	})
}

func (r *Resource) importAs(request *tfprotov6.ImportResourceStateRequest) Diagnostics {
	r.p.t.Helper()
	imported, err := r.p.server.ImportResourceState(r.p.context(), request)
	if err != nil {
		r.p.t.Fatalf("importing %s: %v", r.typeName, err)
	}
	diags := diagnostics(imported.Diagnostics)
	if diags.HasError() {
		return diags
	}
	if len(imported.ImportedResources) != 1 {
		r.p.t.Fatalf("importing %s gave %d resources", r.typeName, len(imported.ImportedResources))
	}
	one := imported.ImportedResources[0]
	r.keep(one.State, one.Private, one.Identity)
	if diags = append(diags, r.Refresh()...); !diags.HasError() && r.state.IsNull() {
		diags = append(diags, Diagnostic{Summary: "Cannot import non-existent remote object"})
	}
	return diags
}

// Identity returns the resource identity in state.
func (r *Resource) Identity() Object {
	r.p.t.Helper()
	if r.identity == nil {
		return nil
	}
	value, err := fromValue(r.p.decode(r.p.identities.IdentitySchemas[r.typeName].ValueType(), r.identity.IdentityData))
	if err != nil {
		r.p.t.Fatal(err)
	}
	object, _ := value.(Object)
	return object
}

func (r *Resource) keep(state *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData) {
	r.p.t.Helper()
	r.state, r.private, r.identity = r.p.decode(r.typ, state), private, identity
}

func (r *Resource) sentIdentity() *tfprotov6.ResourceIdentityData {
	if r.p.OldTerraform {
		return nil
	}
	return r.identity
}
