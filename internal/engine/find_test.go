// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package engine

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFindKeepsItsOrder(t *testing.T) {
	t.Parallel()
	named := fakeEngine(t, OpenTofu, "OpenTofu v1.10.5")
	terraform := fakeEngine(t, Terraform, "Terraform v1.15.0-rc1")
	tofu := fakeEngine(t, OpenTofu, "OpenTofu v1.12.6")
	path := strings.Join([]string{filepath.Dir(tofu), filepath.Dir(terraform)}, string(filepath.ListSeparator))

	for story, test := range map[string]struct {
		environ map[string]string
		want    Engine
	}{
		"the named engine comes first": {
			environ: map[string]string{PathVariable: named, "PATH": path},
			want:    Engine{Path: named, Name: OpenTofu, Version: "1.10.5"},
		},
		"Terraform comes before OpenTofu wherever they stand on PATH": {
			environ: map[string]string{"PATH": path},
			want:    Engine{Path: terraform, Name: Terraform, Version: "1.15.0-rc1"},
		},
		"OpenTofu serves where there is no Terraform": {
			environ: map[string]string{"PATH": filepath.Dir(tofu)},
			want:    Engine{Path: tofu, Name: OpenTofu, Version: "1.12.6"},
		},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			got, err := searchIn(t.TempDir(), io.Discard, test.environ).find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("found %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestANamedEngineThatDoesNotWorkIsAnError(t *testing.T) {
	t.Parallel()
	good := fakeEngine(t, Terraform, "Terraform v1.15.0")
	for story, test := range map[string]struct{ path, want string }{
		"it fails":         {fakeEngine(t, Terraform, "broken"), "no version is set"},
		"it is missing":    {filepath.Join(t.TempDir(), Terraform), "version"},
		"it is no engine":  {fakeEngine(t, Terraform, "Packer v1.2.3"), errNotAnEngine.Error()},
		"it is a folder":   {t.TempDir(), "version"},
		"it has no number": {fakeEngine(t, Terraform, "Terraform"), errNotAnEngine.Error()},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			environ := map[string]string{PathVariable: test.path, "PATH": filepath.Dir(good)}
			got, err := searchIn(t.TempDir(), io.Discard, environ).find(t.Context())
			if err == nil {
				t.Fatalf("fell back to %v", got)
			}
			for _, want := range []string{PathVariable, test.path, test.want} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not tell %q: %v", want, err)
				}
			}
		})
	}
}

func TestABrokenEngineOnPathIsPassedOver(t *testing.T) {
	t.Parallel()
	broken := fakeEngine(t, Terraform, "broken")
	tofu := fakeEngine(t, OpenTofu, "OpenTofu v1.12.6")
	environ := map[string]string{
		"PATH": strings.Join([]string{filepath.Dir(broken), filepath.Dir(tofu)}, string(filepath.ListSeparator)),
	}
	progress := listenFor("")
	got, err := searchIn(t.TempDir(), progress, environ).find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Path != tofu {
		t.Errorf("found %v, want %s", got, tofu)
	}
	if told := progress.String(); !strings.Contains(told, broken) || !strings.Contains(told, "no version is set") {
		t.Errorf("the progress does not tell what was passed over and why: %q", told)
	}
}

func TestARelativePathEntryIsIgnored(t *testing.T) {
	t.Parallel()
	if path, ok := searchIn(".", io.Discard, map[string]string{"PATH": "." + string(filepath.ListSeparator)}).lookPath("find.go"); ok {
		t.Errorf("looked into a relative folder: %s", path)
	}
}

func TestOutsideOfTheRepositoryNothingIsBuilt(t *testing.T) {
	t.Parallel()
	_, err := searchIn(t.TempDir(), io.Discard, nil).find(t.Context())
	if err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("error = %v, want one about the root of the repository", err)
	}
}

func TestEnvironSuitsTheEngine(t *testing.T) {
	t.Parallel()
	tofu := Engine{Path: "/opt/tofu", Name: OpenTofu, Version: "1.12.6"}
	for _, want := range []string{
		PathVariable + "=/opt/tofu", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + os.DevNull,
		"TF_ACC_PROVIDER_HOST=registry.opentofu.org", "TF_ACC_PROVIDER_NAMESPACE=hashicorp",
	} {
		if !slices.Contains(tofu.Environ(), want) {
			t.Errorf("OpenTofu's environment lacks %s", want)
		}
	}
	terraform := Engine{Path: "/opt/terraform", Name: Terraform, Version: "1.15.0"}
	want := []string{PathVariable + "=/opt/terraform", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + os.DevNull}
	if got := terraform.Environ(); !slices.Equal(got, want) {
		t.Errorf("Terraform's environment is %v, want %v", got, want)
	}
}

//nolint:paralleltest // It changes the environment of the process.
func TestSetenvMakesTheEngineTheNamedOne(t *testing.T) {
	for _, key := range []string{PathVariable, "CHECKPOINT_DISABLE", "TF_CLI_CONFIG_FILE", "TF_ACC_PROVIDER_HOST", "TF_ACC_PROVIDER_NAMESPACE"} {
		t.Setenv(key, "") // restored after the test
	}
	want := Engine{Path: fakeEngine(t, OpenTofu, "OpenTofu v1.12.6"), Name: OpenTofu, Version: "1.12.6"}
	if err := want.Setenv(); err != nil {
		t.Fatal(err)
	}
	got, err := Find(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("found %v, want %v", got, want)
	}
}
