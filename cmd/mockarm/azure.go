// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// options are those that both commands have.
type options struct {
	seed     string
	faults   string
	vm       string
	listen   string
	throttle bool
	public   bool
}

// parse reads the options of a command, and returns what stands behind them.
func (o *options) parse(command string, arguments []string) ([]string, error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Errors are told once, by main.
	flags.StringVar(&o.seed, "seed", "", "")
	flags.StringVar(&o.faults, "faults", "", "")
	flags.StringVar(&o.vm, "vm", "", "")
	flags.BoolVar(&o.throttle, "throttle", false, "")
	flags.BoolVar(&o.public, "public-hosts", false, "")
	o.listen = "127.0.0.1:0"
	if command == "serve" {
		flags.StringVar(&o.listen, "listen", o.listen, "")
	}
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, usageError{err}
	}
	return flags.Args(), nil
}

// An azure is a mock that runs, and the environment in which clients find it.
type azure struct {
	server      *mockarm.Server
	directory   string
	environment map[string]string
}

// start starts the mock that the options describe.
func (o *options) start() (_ *azure, err error) {
	world, err := o.world()
	if err != nil {
		return nil, err
	}
	machineID, err := world.FindMachine(o.vm)
	if err != nil {
		return nil, fmt.Errorf("choosing the machine: %w", err)
	}
	world.Configure(func(settings *mockarm.Settings) { settings.Throttle = o.throttle })
	a := &azure{server: mockarm.NewServer(world)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.stop())
		}
	}()
	if err := o.inject(a.server); err != nil {
		return nil, err
	}
	if o.public {
		a.server.ServePublicHosts()
	}
	if err := a.server.ListenOn(o.listen); err != nil {
		return nil, err
	}
	if a.directory, err = os.MkdirTemp("", "mockarm-"); err != nil {
		return nil, fmt.Errorf("making a directory for the certificates: %w", err)
	}
	files, err := a.server.WriteCertificates(a.directory)
	if err != nil {
		return nil, err
	}
	if a.environment, err = a.server.Environment(files, machineID); err != nil {
		return nil, err
	}
	// What the Azure CLI remembers of this Azure must not get among what it remembers of the real one, and the tokens that it
	// has for that must not come here.
	a.environment["AZURE_CONFIG_DIR"] = filepath.Join(a.directory, "azure-cli")
	return a, nil
}

// world makes the world that the server begins with.
func (o *options) world() (_ *mockarm.World, err error) {
	clock := &mockarm.Clock{}
	if o.seed == "" {
		return mockarm.DefaultWorld(clock), nil
	}
	file, err := os.Open(o.seed)
	if err != nil {
		return nil, fmt.Errorf("opening the seed: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	world, err := mockarm.LoadWorld(file, clock)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", o.seed, err)
	}
	return world, nil
}

// inject has go wrong what the file of faults says.
func (o *options) inject(server *mockarm.Server) (err error) {
	if o.faults == "" {
		return nil
	}
	file, err := os.Open(o.faults)
	if err != nil {
		return fmt.Errorf("opening the faults: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	list, err := mockarm.ReadFaults(file)
	if err == nil {
		err = server.Inject(list...)
	}
	if err != nil {
		return fmt.Errorf("loading %s: %w", o.faults, err)
	}
	return nil
}

// stop ends the server and takes its files away.
func (a *azure) stop() error {
	err := a.server.Close()
	if a.directory != "" {
		err = errors.Join(err, os.RemoveAll(a.directory))
	}
	return err
}
