// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestWithoutAnEngineOpenTofuIsBuiltOnce(t *testing.T) {
	t.Parallel()
	start, root := fakeRepository(t, tofuSource)
	progress := listenFor("")
	built, err := searchIn(start, progress, nil).find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if built.Name != OpenTofu || built.Version != "1.98.7" {
		t.Errorf("built %v, want the release 1.98.7 of OpenTofu", built)
	}
	if cache := filepath.Join(root, ".cache"); !strings.HasPrefix(built.Path, cache) || !strings.Contains(built.Path, "1.98.7") {
		t.Errorf("built %s, want it below %s with its version in the path", built.Path, cache)
	}
	for _, want := range []string{"building OpenTofu from source, once", "still building OpenTofu"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("the progress lacks %q:\n%s", want, progress)
		}
	}

	again := listenFor("")
	cached, err := searchIn(start, again, nil).find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cached != built || again.String() != "" {
		t.Errorf("the second search found %v and told %q, want the cached engine and silence", cached, again)
	}
}

func TestAnotherPinnedVersionIsBuiltAnew(t *testing.T) {
	t.Parallel()
	start, root := fakeRepository(t, tofuSource)
	first, err := searchIn(start, io.Discard, nil).find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raised := strings.ReplaceAll(toolsMod, "v1.98.7", "v1.99.0")
	if err := os.WriteFile(filepath.Join(root, "tools", "opentofu", "go.mod"), []byte(raised), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := searchIn(start, io.Discard, nil).find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.Path == second.Path {
		t.Errorf("both versions use %s", first.Path)
	}
}

func TestOfTwoSearchesAtOnceOneBuilds(t *testing.T) {
	t.Parallel()
	start, _ := fakeRepository(t, tofuSource)
	progress := listenFor("")
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if _, err := searchIn(start, progress, nil).find(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if builds := strings.Count(progress.String(), "building OpenTofu from source"); builds != 1 {
		t.Errorf("there were %d builds, want 1:\n%s", builds, progress)
	}
}

// heldLock takes the lock of the build in a repository, as another process would.
func heldLock(t *testing.T, start string) *os.File {
	t.Helper()
	// A search that is not allowed to build still lays out the cache.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := searchIn(start, io.Discard, nil).find(ctx); err == nil {
		t.Fatal("a cancelled search built an engine")
	}
	locks, err := filepath.Glob(filepath.Join(start, "..", "..", ".cache", "*", "*.lock"))
	if err != nil || len(locks) != 1 {
		t.Fatalf("found locks %v, %v; want one", locks, err)
	}
	lock, err := os.OpenFile(locks[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	if free, err := tryLock(lock); err != nil || !free {
		t.Fatalf("taking the lock: %v, %v", free, err)
	}
	return lock
}

func TestABuildWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	start, _ := fakeRepository(t, tofuSource)
	lock := heldLock(t, start)
	progress := listenFor("another process is building")
	result := make(chan error, 1)
	go func() {
		_, err := searchIn(start, progress, nil).find(t.Context())
		result <- err
	}()
	<-progress.heard
	if strings.Contains(progress.String(), "from source") {
		t.Error("it builds while another process holds the lock")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
}

func TestAWaitingSearchCanBeCancelled(t *testing.T) {
	t.Parallel()
	start, _ := fakeRepository(t, tofuSource)
	heldLock(t, start)
	ctx, cancel := context.WithCancel(t.Context())
	progress := listenFor("another process is building")
	result := make(chan error, 1)
	go func() {
		_, err := searchIn(start, progress, nil).find(ctx)
		result <- err
	}()
	<-progress.heard
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that it was cancelled", err)
	}
}

func TestAFailedBuildTellsWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	start, root := fakeRepository(t, "package main\n\nfunc main() { undefinedThing() }\n")
	_, err := searchIn(start, io.Discard, nil).find(t.Context())
	if err == nil || !strings.Contains(err.Error(), "undefinedThing") || !strings.Contains(err.Error(), "1.98.7") {
		t.Fatalf("error = %v, want the version and what the compiler said", err)
	}
	left, err := filepath.Glob(filepath.Join(root, ".cache", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if filepath.Ext(path) != ".lock" {
			t.Errorf("the failed build left %s", path)
		}
	}
}

func TestAModuleWithoutOpenTofuIsAnError(t *testing.T) {
	t.Parallel()
	start, root := fakeRepository(t, tofuSource)
	mod := filepath.Join(root, "tools", "opentofu", "go.mod")
	if err := os.WriteFile(mod, []byte("module example.com/tools\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := searchIn(start, io.Discard, nil).find(t.Context()); err == nil || !strings.Contains(err.Error(), mod) {
		t.Errorf("error = %v, want one that names %s", err, mod)
	}
}
