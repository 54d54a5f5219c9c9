// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
)

// tools are what all tests of a process share: the engine, and the provider and the mock as programs.
var tools struct {
	engine   engine.Engine
	programs string // the folder of the programs
}

// Main finds the engine, builds the provider and the mock, and runs the tests. It is the body of TestMain.
func Main(m *testing.M) int {
	ctx := context.Background()
	var err error
	if tools.engine, err = engine.Find(ctx, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if tools.programs, err = os.MkdirTemp("", "azuremi-acctest-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(tools.programs) }()
	build := exec.CommandContext(ctx, "go", "build", "-o", tools.programs+string(filepath.Separator), ".", "./cmd/mockarm")
	build.Dir = Root()
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the provider and the mock: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// NeedsEphemeralResources skips a test where the engine is too old to know ephemeral resources, which are tested through the
// plugin protocol as well. Terraform has them from 1.10 on, and OpenTofu from 1.11 on.
func NeedsEphemeralResources(t *testing.T) {
	t.Helper()
	first := map[string]string{engine.Terraform: "1.10.0", engine.OpenTofu: "1.11.0"}[tools.engine.Name]
	if found, err := version.NewVersion(tools.engine.Version); err != nil || found.Core().LessThan(version.Must(version.NewVersion(first))) {
		t.Skipf("%s has no ephemeral resources: %v", tools.engine, err)
	}
}

// Root is the folder of the repository, as seen from this package's tests.
func Root() string { return filepath.Join("..", "..") }

// Azure is a mock Azure that listens on loopback.
type Azure struct {
	*mockarm.Server
	t     *testing.T
	clock *mockarm.Clock
	files mockarm.CertificateFiles

	overrides map[string]string // folders of providers, by source address
	secrets   []string          // that the mock does not know
}

// Clock is the time in this Azure.
func (a *Azure) Clock() *mockarm.Clock { return a.clock }

// New starts a mock Azure with the default world, or with a changed one.
func New(t *testing.T, changes ...func(*mockarm.Seed)) *Azure {
	t.Helper()
	seed := mockarm.DefaultSeed()
	for _, change := range changes {
		change(&seed)
	}
	clock := &mockarm.Clock{}
	world, err := mockarm.NewWorld(seed, clock)
	if err != nil {
		t.Fatal(err)
	}
	a := &Azure{Server: mockarm.NewServer(world), t: t, clock: clock, overrides: map[string]string{"azuremi/azuremi": tools.programs}}
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if a.files, err = a.WriteCertificates(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return a
}

// Override has configurations of this Azure use another provider, too, from the folder that its program is in.
func (a *Azure) Override(source, folder string) { a.overrides[source] = folder }

// Behind does something in Azure behind Terraform's back, as the operator of the world.
func (a *Azure) Behind(method, path, body string) {
	a.t.Helper()
	o, err := operator.New(a.Server)
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := o.Do(a.t.Context(), method, path, body); err != nil {
		a.t.Fatal(err)
	}
}

// Count returns how many requests to ARM were made with a method to paths that end in a text.
func (a *Azure) Count(method, suffix string) int {
	n := 0
	for _, r := range a.Requests() {
		if r.Kind == mockarm.ARMRequest && r.Method == method && strings.HasSuffix(strings.ToLower(r.Path), strings.ToLower(suffix)) {
			n++
		}
	}
	return n
}

// Terraform is one configuration and its state.
type Terraform struct {
	*engine.Workspace
	t *testing.T
}

// An Environment variable, or its absence for "".
type Environment map[string]string

// Terraform prepares to run a configuration against this Azure, as its operator and on its machine, unless the environment
// says otherwise. source is a folder of the repository with the configuration, or the text of one.
func (a *Azure) Terraform(source string, changes ...Environment) *Terraform {
	a.t.Helper()
	dir := a.t.TempDir()
	if err := fill(dir, source); err != nil {
		a.t.Fatal(err)
	}
	machine, err := a.World().FindMachine("")
	if err != nil {
		a.t.Fatal(err)
	}
	variables, err := a.Environment(a.files, machine)
	if err != nil {
		a.t.Fatal(err)
	}
	env := os.Environ()
	for _, change := range append([]Environment{variables}, changes...) {
		for name, value := range change {
			env = append(env, name+"="+value)
		}
	}
	workspace, err := tools.engine.NewWorkspace(dir, a.overrides, env)
	if err != nil {
		a.t.Fatal(err)
	}
	a.watchForSecrets(workspace, env)
	return &Terraform{Workspace: workspace, t: a.t}
}

// fill puts a configuration into a folder.
func fill(dir, source string) error {
	if strings.Contains(source, "\n") {
		return os.WriteFile(filepath.Join(dir, "main.tf"), []byte(source), 0o600)
	}
	return os.CopyFS(dir, os.DirFS(filepath.Join(Root(), source)))
}

// Apply applies the configuration and demands that a plan after it is empty.
func (tf *Terraform) Apply(variables ...string) {
	tf.t.Helper()
	if err := tf.TryApply(variables...); err != nil {
		tf.t.Fatal(err)
	}
	if tf.HasChanges(variables...) {
		tf.t.Fatal("the plan after apply is not empty")
	}
}

// TryApply applies the configuration. The error holds all that the engine wrote.
func (tf *Terraform) TryApply(variables ...string) error {
	tf.t.Helper()
	return tf.ApplyUntil(tf.t.Context(), variables...)
}

// ApplyUntil is [Terraform.TryApply], interrupted as by Ctrl-C when ctx ends.
func (tf *Terraform) ApplyUntil(ctx context.Context, variables ...string) error {
	tf.t.Helper()
	var options []tfexec.ApplyOption
	for _, v := range variables {
		options = append(options, tfexec.Var(v))
	}
	return tf.Workspace.Apply(ctx, options...)
}

// HasChanges plans, and reports whether there is anything to do.
func (tf *Terraform) HasChanges(variables ...string) bool {
	tf.t.Helper()
	var options []tfexec.PlanOption
	for _, v := range variables {
		options = append(options, tfexec.Var(v))
	}
	changes, err := tf.Plan(tf.t.Context(), options...)
	if err != nil {
		tf.t.Fatal(err)
	}
	return changes
}

// Destroy destroys what is in state.
func (tf *Terraform) Destroy(variables ...string) {
	tf.t.Helper()
	var options []tfexec.DestroyOption
	for _, v := range variables {
		options = append(options, tfexec.Var(v))
	}
	if err := tf.Workspace.Destroy(tf.t.Context(), options...); err != nil {
		tf.t.Fatal(err)
	}
}

// Output decodes an output into v.
func (tf *Terraform) Output(name string, v any) {
	tf.t.Helper()
	outputs, err := tf.Workspace.Output(tf.t.Context())
	if err != nil {
		tf.t.Fatal(err)
	}
	if err := json.Unmarshal(outputs[name].Value, v); err != nil {
		tf.t.Fatalf("reading output %s: %v", name, err)
	}
}
