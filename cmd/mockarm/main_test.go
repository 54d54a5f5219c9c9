// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// asMockarm makes the test binary behave as the program.
const asMockarm = "MOCKARM_TEST_AS_PROGRAM"

// asClient makes it a client of the mock.
const asClient = "MOCKARM_TEST_AS_CLIENT"

func TestMain(m *testing.M) {
	if os.Getenv(asClient) != "" {
		if err := ask(os.Getenv("MOCKARM_URL")+"/tenants", os.Getenv("ARM_CA_CERTIFICATE_FILE")); err != nil {
			complain(os.Stderr, err.Error())
			os.Exit(1)
		}
		return
	}
	if os.Getenv(asMockarm) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// ask asks for something, and wants the answer to be that the service is not available.
func ask(url, caFile string) error {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusServiceUnavailable {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return errors.Join(err, response.Body.Close())
}

// A program is a mockarm to be run, with a directory of its own for temporary files.
type program struct {
	*exec.Cmd
	temporary      string
	stdout, stderr bytes.Buffer
}

func newProgram(t *testing.T, arguments ...string) *program {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: exec.CommandContext(t.Context(), executable, arguments...), temporary: t.TempDir()}
	p.Env = append(os.Environ(), asMockarm+"=1", "TMPDIR="+p.temporary)
	// Without a terminal: signals come from the test, and from nowhere else.
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

// run runs the program to its end and returns the exit code. It must leave nothing behind.
func (p *program) run(t *testing.T) int {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p.finish(t)
}

func (p *program) finish(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	if p.ProcessState == nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(p.temporary, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return p.ProcessState.ExitCode()
}

func TestExitCodeIsTheCommands(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arguments []string
		code      int
		stderr    string
	}{
		"success":                   {[]string{"exec", "--", "true"}, 0, ""},
		"failure":                   {[]string{"exec", "--", "sh", "-c", "exit 7"}, 7, ""},
		"without dashes":            {[]string{"exec", "sh", "-c", "exit 8"}, 8, ""},
		"ended by a signal":         {[]string{"exec", "--", "sh", "-c", "kill -KILL $$"}, 128 + 9, ""},
		"not found":                 {[]string{"exec", "--", "no-such-command-anywhere"}, 127, "no-such-command-anywhere"},
		"not found at a path":       {[]string{"exec", "--", "/no/such/command"}, 127, "/no/such/command"},
		"not executable":            {[]string{"exec", "--", "/etc/passwd"}, 126, "permission denied"},
		"no command":                {[]string{"exec"}, exitUsage, "exec needs a command"},
		"no subcommand":             {nil, exitUsage, "Usage:"},
		"an unknown subcommand":     {[]string{"run"}, exitUsage, `there is no command "run"`},
		"an unknown option":         {[]string{"exec", "--nope", "--", "true"}, exitUsage, "nope"},
		"an argument of serve":      {[]string{"serve", "now"}, exitUsage, `serve takes no argument "now"`},
		"help":                      {[]string{"help"}, 0, ""},
		"help with a command":       {[]string{"exec", "--help"}, 0, "Usage:"},
		"an unknown machine":        {[]string{"exec", "--vm", "vm-9", "--", "true"}, 1, `there is no virtual machine "vm-9"`},
		"faults that are not there": {[]string{"exec", "--faults", "/no/such/faults", "--", "true"}, 1, "opening the faults"},
		"settings not there":        {[]string{"exec", "--settings", "/no/such/settings", "--", "true"}, 1, "opening the settings"},
		"a seed that is not there":  {[]string{"exec", "--seed", "/no/such/seed", "--", "true"}, 1, "opening the seed"},
		"a foreign address":         {[]string{"serve", "--listen", "0.0.0.0:0"}, 1, "loopback only"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, c.arguments...)
			if code := p.run(t); code != c.code || !strings.Contains(p.stderr.String(), c.stderr) {
				t.Errorf("exit code %d, want %d; standard error: %s", code, c.code, p.stderr.String())
			}
		})
	}
}

func TestCommandFindsTheMock(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "exec", "--", "sh", "-c",
		`test -s "$ARM_CA_CERTIFICATE_FILE" && test -s "$SSL_CERT_FILE" && echo "$MOCKARM_URL|$ARM_MSI_ENDPOINT|$ARM_SUBSCRIPTION_ID|$NO_PROXY"`)
	p.Env = append(p.Env, "MOCKARM_URL=https://stale.example", "NO_PROXY=corp.example", "no_proxy=", "HTTPS_PROXY=http://proxy.example:3128")
	if code := p.run(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.stderr.String())
	}
	told := strings.Split(strings.TrimSpace(p.stdout.String()), "|")
	if len(told) != 4 || !strings.HasPrefix(told[0], "https://127.0.0.1:") || !strings.HasSuffix(told[1], "/metadata/identity/oauth2/token") ||
		told[2] != "22222222-2222-4222-8222-222222222222" || told[3] != "corp.example,127.0.0.1,localhost,::1" {
		t.Errorf("the environment: %q", told)
	}
}

func TestSeedAndMachineAreChosen(t *testing.T) {
	t.Parallel()
	for machine, want := range map[string]string{"": "no IMDS", "web-2": "http://127.0.0.1:"} {
		t.Run("--vm="+machine, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, "exec", "--seed", "../../examples/mockarm/seed.json", "--vm="+machine, "--", "sh", "-c",
				`echo "${ARM_MSI_ENDPOINT:-no IMDS}"; test "$ARM_CLIENT_SECRET" = pipeline-secret`)
			if code := p.run(t); code != 0 || !strings.HasPrefix(p.stdout.String(), want) {
				t.Errorf("exit code %d: %s%s", code, p.stdout.String(), p.stderr.String())
			}
		})
	}
}

func TestFaultsAndLimitsAreSwitchedOn(t *testing.T) {
	t.Parallel()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ask := asClient + "=1 exec '" + executable + "'"
	file := filepath.Join(t.TempDir(), "faults.json")
	for content, want := range map[string]struct {
		code   int
		stderr string
	}{
		`[{"path": "/TENANTS", "status": 503}]`:        {0, ""},
		`[{"path": "/tenants", "statuss": 503}]`:       {1, `unknown field "statuss"`},
		`[{"status": 503}, {"status": 503, "nth":-1}]`: {1, "[1].nth"},
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		p := newProgram(t, "exec", "--throttle", "--faults", file, "--", "sh", "-c", ask)
		if code := p.run(t); code != want.code || !strings.Contains(p.stderr.String(), want.stderr) {
			t.Errorf("%s: exit code %d, want %d; standard error: %s", content, code, want.code, p.stderr.String())
		}
	}
}

func TestTheWorldIsKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.json")
	run := func(script string, arguments ...string) (stdout, stderr string) {
		t.Helper()
		p := newProgram(t, append(append([]string{"exec", "--state", file}, arguments...), "--", "sh", "-c",
			`control() { curl -sS --noproxy '*' --cacert "$ARM_CA_CERTIFICATE_FILE" "$MOCKARM_URL/_mock/$@"; }; `+script)...)
		if code := p.run(t); code != 0 {
			t.Fatalf("exit code %d: %s", code, p.stderr.String())
		}
		return p.stdout.String(), p.stderr.String()
	}
	// A state that is put is one change of the world that needs no token.
	run(`control state | sed 's/"location":"westus","provisioningState"/"location":"westus","tags":{"kept":"yes"},"provisioningState"/' | control state -T - >/dev/null`)
	if state, stderr := run("control state"); !strings.Contains(state, `"tags":{"kept":"yes"}`) || stderr != "" {
		t.Errorf("the second run begins with %s %s", state, stderr)
	}
	if state, stderr := run("control state", "--seed", "../../examples/mockarm/seed.json"); !strings.Contains(state, `"kept"`) || !strings.Contains(stderr, "goes on from another seed") {
		t.Errorf("with another seed: %s %s", state, stderr)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, "exec", "--state", file, "--", "true")
	if code := p.run(t); code != 1 || !strings.Contains(p.stderr.String(), file) {
		t.Errorf("a file that holds no world: exit code %d, %s", code, p.stderr.String())
	}
}

func TestSettingsComeFromAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"grantLag": "2m"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, "exec", "--throttle", "--settings", file, "--", "sh", "-c",
		`curl -sS --noproxy '*' --cacert "$ARM_CA_CERTIFICATE_FILE" "$MOCKARM_URL/_mock/settings"`)
	if code := p.run(t); code != 0 || p.stdout.String() != `{"throttle":true,"grantLag":"2m0s"}` {
		t.Errorf("exit code %d: %s%s", code, p.stdout.String(), p.stderr.String())
	}
}

func TestSignalsArePassedOn(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		name := strings.TrimPrefix(unix.SignalName(signal), "SIG")
		t.Run("handled "+name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, "exec", "--", "sh", "-c", "trap 'exit 42' "+name+"; echo ready; while :; do sleep 0.01; done")
			p.signalWhenReady(t, signal)
			if code := p.finish(t); code != 42 {
				t.Errorf("exit code %d: %s", code, p.stderr.String())
			}
		})
	}
	t.Run("deadly", func(t *testing.T) {
		t.Parallel()
		p := newProgram(t, "exec", "--", "sh", "-c", "echo ready; while :; do sleep 0.01; done")
		p.signalWhenReady(t, syscall.SIGTERM)
		if code := p.finish(t); code != 128+15 {
			t.Errorf("exit code %d: %s", code, p.stderr.String())
		}
	})
}

func TestServeStaysUntilToldToStop(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(unix.SignalName(signal), func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, "serve")
			lines := p.signalWhenReady(t, signal)
			if code := p.finish(t); code != 0 {
				t.Errorf("exit code %d: %s", code, p.stderr.String())
			}
			if !strings.HasPrefix(lines, "export ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST='https://127.0.0.1:") {
				t.Errorf("printed %s", lines)
			}
			url := strings.Split(lines, "'")[1]
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
				t.Error("it still serves")
			}
		})
	}
}

// signalWhenReady starts the program, sends it a signal as soon as it has printed a line, and returns that line.
func (p *program) signalWhenReady(t *testing.T, signal os.Signal) string {
	t.Helper()
	p.Stdout = nil
	pipe, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(pipe)
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatalf("%v; standard error: %s", err, p.stderr.String())
	}
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Fatal(err)
	}
	return line
}

func TestShellTakesTheEnvironmentOver(t *testing.T) {
	t.Parallel()
	got := exports(map[string]string{"B": "it's", "A": "$(x) \"y\""})
	if want := "export A='$(x) \"y\"'\nexport B='it'\\''s'\n"; got != want {
		t.Errorf("exports = %s, want %s", got, want)
	}
}
