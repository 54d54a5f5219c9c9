// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package resourcegroup_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// inNamespace says that this process has a /var/opt of its own.
const inNamespace = "AZUREMI_TEST_IN_NAMESPACE"

// The agent of an Arc server has its key files at a place that no variable changes. So this test runs once more in a process
// with its own view of that place.
//
//nolint:paralleltest // It changes the environment of the process.
func TestOnAServerWithArc(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		runInNamespace(t)
		return
	}
	switch err := syscall.Mount("tmpfs", "/var/opt", "tmpfs", 0, ""); {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		t.Skipf("the kernel allows nothing to be mounted in a namespace: %v", err)
	case err != nil:
		t.Fatal(err)
	}
	if err := os.MkdirAll(mockarm.ArcKeyDirectory, 0o700); err != nil {
		t.Fatal(err)
	}
	p := prototest.Start(t, noLogin, prototest.Seed(everywhere))
	settle(t, p.Mock, mockarm.ArcHost, mockarm.ArcKeyDirectory)
	if _, id := readAs(t, p, nil); id != machineID {
		t.Errorf("by default it is read by %s", id)
	}
	for _, choice := range []prototest.Object{{"client_id": readerApp}, {"principal_id": readerOID}, {"user_assigned_identity_id": identities + "id-reader"}} {
		if client, _ := readAs(t, p, choice); client != readerApp {
			t.Errorf("with %v it is read by %s", choice, client)
		}
	}

	config := prototest.Object{"name": "DevTest", "subscription_id": mockarm.DefaultSubscriptionID}
	_, diags := p.Read(typeName, config.With(prototest.Object{"client_id": machineOID}))
	mention(t, "with an identity that the server has not", diags, "is not assigned to this server", "azcmagent version")
	// An older agent answers with another identity than the one that was asked for.
	p.Mock.World().Configure(func(s *mockarm.Settings) { s.LegacyArcAgent = true })
	_, diags = p.Read(typeName, config.With(prototest.Object{"client_id": readerApp}))
	mention(t, "from an older agent", diags, "is not assigned to this server", "token of another identity", "azcmagent version")
}

// runInNamespace runs the test as root of a user namespace, with mounts of its own.
func runInNamespace(t *testing.T) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), executable, "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), inNamespace+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	output, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("the kernel allows this user no namespace of its own: %v", err)
	}
	switch {
	case err != nil:
		t.Errorf("%v\n%s", err, output)
	case bytes.Contains(output, []byte("--- SKIP")):
		t.Skipf("%s", output)
	case !bytes.Contains(output, []byte("--- PASS")):
		t.Errorf("it did not run:\n%s", output)
	}
}
