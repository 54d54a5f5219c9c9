// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build linux

package acctest_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
)

// A workflow of GitHub Actions, as far as it is run here.
type workflow struct {
	Env  map[string]string `yaml:"env"`
	Jobs map[string]struct {
		Steps []struct {
			Run string `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func readWorkflow(t *testing.T) (w workflow, text string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(acctest.Root(), "examples", "github-actions-mockarm", "test.yml"))
	if err == nil {
		err = yaml.Unmarshal(content, &w)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w, string(content)
}

// Everything is done as on a runner but for what needs the network: the release and the Go module are at hand.
func TestTheWorkflowInstallsTheMockAndRunsTheTests(t *testing.T) {
	t.Parallel()
	w, _ := readWorkflow(t)
	for name, job := range w.Jobs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output := ""
			sh := newRunner(t, w)
			for _, step := range job.Steps {
				var err error
				if output, err = sh.step(step.Run); err != nil {
					t.Fatal(err)
				}
			}
			if want := fmt.Sprintf("Success! %d passed, 0 failed.", countRuns(t)); !strings.Contains(output, want) {
				t.Errorf("the last step does not end with %q:\n%s", want, output)
			}
		})
	}
}

func TestTheWorkflowTakesNoArchiveWithAnotherChecksum(t *testing.T) {
	t.Parallel()
	w, _ := readWorkflow(t)
	sh := newRunner(t, w)
	archive, _ := releaseFiles(t, w.Env["MOCKARM_VERSION"])
	if err := os.WriteFile(filepath.Join(sh.release, archive), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range w.Jobs["terraform"].Steps {
		if !strings.Contains(step.Run, "curl") {
			continue
		}
		if output, err := sh.step(step.Run); err == nil || !strings.Contains(output, "FAILED") {
			t.Errorf("it is taken: %v, %s", err, output)
		}
		if path, err := os.ReadFile(sh.path); err != nil || len(path) > 0 {
			t.Errorf("it is on the PATH: %s %v", path, err)
		}
		// What the shell leaves is searched for secrets, which needs a trace of the engine.
		if _, err := sh.Run("terraform init"); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("no step downloads the archive")
}

// A tag can be moved to other code, and the hash of a commit cannot.
func TestTheWorkflowUsesTheActionsThatThisRepositoryUses(t *testing.T) {
	t.Parallel()
	own := ""
	files, err := filepath.Glob(filepath.Join(acctest.Root(), ".github", "workflows", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		own += string(content)
	}
	_, text := readWorkflow(t)
	uses := regexp.MustCompile(`(?m)uses: .*$`).FindAllString(text, -1)
	if len(uses) == 0 {
		t.Fatal("the workflow uses no action")
	}
	for _, line := range uses {
		if !regexp.MustCompile(`@[0-9a-f]{40} # v\d`).MatchString(line) || !strings.Contains(own, line) {
			t.Errorf("%q is not what this repository's workflows use", line)
		}
	}
}

// A runner runs the steps of a job.
type runner struct {
	*acctest.Shell
	release string // the folder with the files of the mock's release
	path    string // the file by which steps extend the PATH of later ones
}

func newRunner(t *testing.T, w workflow) *runner {
	t.Helper()
	r := &runner{Shell: acctest.NewShell(t, moduleSource, moduleSeed), release: t.TempDir(), path: filepath.Join(t.TempDir(), "path")}
	version := w.Env["MOCKARM_VERSION"]
	makeRelease(t, r.release, version)
	programs := t.TempDir()
	const releases = "https://github.com/azuremi/terraform-provider-azuremi/releases/download/v"
	r.AddScript("curl", `test "$1 $2" = "-fsSL --remote-name-all"
shift 2
for url; do
	test "${url%/*}" = `+releases+version+`
	cp "`+r.release+`/${url##*/}" .
done
`)
	r.AddScript("go", `test "$*" = "install github.com/azuremi/terraform-provider-azuremi/cmd/mockarm@v`+version+`"
cp "`+absolute(t, acctest.Mock())+`" "`+programs+`/mockarm"
`)
	r.AddScript("tofu", `exec terraform "$@"`)
	r.Env = append(r.Env, "RUNNER_TEMP="+t.TempDir(), "GITHUB_PATH="+r.path)
	for name, value := range w.Env {
		r.Env = append(r.Env, name+"="+value)
	}
	for i, pair := range r.Env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			r.Env[i] = "PATH=" + programs + ":" + value // setup-go has what Go installs on the PATH.
		}
	}
	return r
}

// step runs a step, and extends the PATH as it says.
func (r *runner) step(script string) (string, error) {
	if script == "" {
		return "", nil
	}
	return r.Run(`touch "$GITHUB_PATH"; while read -r folder; do PATH="$folder:$PATH"; done <"$GITHUB_PATH"
` + script)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// releaseFiles are the names that the configuration of the release gives to the archive for Linux and to the checksums.
func releaseFiles(t *testing.T, version string) (archive, checksums string) {
	t.Helper()
	var configuration struct {
		ProjectName string `yaml:"project_name"`
		Archives    []struct {
			Formats      []string `yaml:"formats"`
			NameTemplate string   `yaml:"name_template"`
		} `yaml:"archives"`
		Checksum struct {
			NameTemplate string `yaml:"name_template"`
		} `yaml:"checksum"`
	}
	content, err := os.ReadFile(filepath.Join(acctest.Root(), ".goreleaser.mockarm.yml"))
	if err == nil {
		err = yaml.Unmarshal(content, &configuration)
	}
	if err != nil || len(configuration.Archives) != 1 {
		t.Fatalf("the configuration of the release has not one kind of archive: %v", err)
	}
	names := strings.NewReplacer("{{ .ProjectName }}", configuration.ProjectName, "{{ .Version }}", version, "{{ .Os }}", "linux", "{{ .Arch }}", "amd64")
	archives := configuration.Archives[0]
	return names.Replace(archives.NameTemplate) + "." + archives.Formats[0], names.Replace(configuration.Checksum.NameTemplate)
}

// makeRelease makes the files of a release of the mock.
func makeRelease(t *testing.T, dir, version string) {
	t.Helper()
	program, err := os.ReadFile(acctest.Mock())
	if err != nil {
		t.Fatal(err)
	}
	archive, checksums := releaseFiles(t, version)
	file, err := os.Create(filepath.Join(dir, archive))
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	files := tar.NewWriter(zipped)
	if err := files.WriteHeader(&tar.Header{Name: "mockarm", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write(program); err != nil {
		t.Fatal(err)
	}
	for _, closer := range []interface{ Close() error }{files, zipped, file} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	// The release has other platforms, too, which the runner does not download.
	sums := fmt.Sprintf("%x  %s\n%x  %s\n", sha256.Sum256(content), archive, sha256.Sum256(nil), strings.Replace(archive, "linux", "darwin", 1))
	if err := os.WriteFile(filepath.Join(dir, checksums), []byte(sums), 0o600); err != nil {
		t.Fatal(err)
	}
}
