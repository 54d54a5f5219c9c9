// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"time"
)

// releaseFlags make OpenTofu call itself by its release version; built without them it claims to be a development version,
// which version constraints in a configuration do not match.
const releaseFlags = "-s -w -X github.com/opentofu/opentofu/version.dev=no"

var requirement = regexp.MustCompile(`(?m)^\s*(?:require\s+)?github\.com/opentofu/opentofu v(\S+)`)

// built returns the OpenTofu that tools/opentofu pins, and builds it when the cache has none of that version and platform.
func (s search) built(ctx context.Context, root string) (Engine, error) {
	module := filepath.Join(root, "tools", "opentofu")
	mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return Engine{}, fmt.Errorf("finding the version of OpenTofu to build: %w", err)
	}
	pinned := requirement.FindSubmatch(mod)
	if pinned == nil {
		return Engine{}, fmt.Errorf("finding the version of OpenTofu to build: %s requires none", filepath.Join(module, "go.mod"))
	}
	key := fmt.Sprintf("opentofu_%s_%s_%s", pinned[1], runtime.GOOS, runtime.GOARCH)
	cached := filepath.Join(root, ".cache", key, OpenTofu)
	if runtime.GOOS == "windows" {
		cached += ".exe"
	}
	if !exists(cached) {
		if err := s.buildOnce(ctx, module, cached); err != nil {
			return Engine{}, fmt.Errorf("building OpenTofu %s: %w", pinned[1], err)
		}
	}
	found, err := inspect(ctx, cached)
	if err != nil {
		return Engine{}, fmt.Errorf("using the cached OpenTofu (remove it to have it built anew): %w", err)
	}
	return found, nil
}

// buildOnce builds while it holds a lock beside the target, so that of two test processes one builds and the other waits.
func (s search) buildOnce(ctx context.Context, module, target string) (err error) {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(target+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // closing it also releases the lock
	if err := s.acquire(ctx, lock); err != nil {
		return err
	}
	if exists(target) {
		return nil // the one we waited for has built it
	}
	return s.build(ctx, module, target)
}

// acquire waits for the lock. The system gives it back when a process ends, however it ends, so nobody waits for the dead.
func (s search) acquire(ctx context.Context, lock *os.File) error {
	free, err := tryLock(lock)
	if err != nil || free {
		return err
	}
	s.say("another process is building OpenTofu; waiting for it")
	ticker := time.NewTicker(min(s.every, time.Second))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for another process's build: %w", context.Cause(ctx))
		case <-ticker.C:
		}
		if free, err := tryLock(lock); err != nil || free {
			return err
		}
	}
}

// build compiles into a file of its own and renames it, so that the target is either whole or not there.
func (s search) build(ctx context.Context, module, target string) error {
	unfinished := target + ".unfinished"
	defer func() { _ = os.Remove(unfinished) }() // gone already when all went well
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", releaseFlags, "-o", unfinished,
		"github.com/opentofu/opentofu/cmd/tofu")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output

	start := time.Now()
	s.say("building OpenTofu from source, once: about ten minutes")
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.say("still building OpenTofu (%s)", time.Since(start).Round(time.Second))
		case err := <-done:
			if err != nil {
				return fmt.Errorf("go build in %s: %w%s", module, err, detail(output.Bytes()))
			}
			return os.Rename(unfinished, target)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
