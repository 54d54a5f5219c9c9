// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Command demo runs the two tutorials that azuremi is made from, with a real engine and the provider as a program, against
// a mock Azure that runs already. It is what "make demo" shows:
//
//	mockarm exec --vm vm-linux -- go run ./demo
//
// It is a user of the mock like any other: all that it knows of it comes from the environment and from _mock/.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // A second signal ends the program at once.
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

// run runs all tutorials and tells what they took.
func run(ctx context.Context) (err error) {
	mock, err := newMock(os.Getenv("MOCKARM_URL"), os.Getenv("ARM_CA_CERTIFICATE_FILE"))
	if err != nil {
		return err
	}
	chosen, err := engine.Find(ctx, os.Stderr)
	if err != nil {
		return err
	}
	programs, err := builtPrograms()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "azuremi-demo-")
	if err != nil {
		return fmt.Errorf("making a folder to work in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	fmt.Printf("azuremi with %s %s, and a mock Azure at %s\n", chosen.Name, chosen.Version, mock.url)
	start := time.Now()
	here := stage{engine: chosen, programs: programs, dir: dir, mock: mock}
	for _, t := range tutorials {
		if err := here.perform(ctx, t); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s: %w", t.folder, err)
		}
	}
	took := time.Since(start)
	requests, err := mock.requests(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nBoth tutorials took %s and %d requests to Azure:\n\n%s", rounded(took), len(requests), table(requests))
	return nil
}

// builtPrograms returns the folder in which "make build" leaves the provider.
func builtPrograms() (string, error) {
	dir, err := filepath.Abs("bin")
	if err != nil {
		return "", fmt.Errorf("finding the provider: %w", err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "terraform-provider-azuremi*"))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("there is no provider in %s: run \"make demo\" at the root of the repository", dir)
	}
	return dir, nil
}

// step says what is being done, does it, and says how long it took.
func step(what string, do func() error) error {
	fmt.Printf("  %-84s", what+" ...")
	start := time.Now()
	if err := do(); err != nil {
		fmt.Printf("failed after %s\n", rounded(time.Since(start)))
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Printf("%s\n", rounded(time.Since(start)))
	return nil
}

func rounded(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
