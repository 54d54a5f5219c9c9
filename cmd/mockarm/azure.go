// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// options are those that both commands have.
type options struct {
	seed     string
	state    string
	faults   string
	settings string
	vm       string
	listen   string
	throttle bool
}

// parse reads the options of a command, and returns what stands behind them.
func (o *options) parse(command string, arguments []string) ([]string, error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // Errors are told once, by main.
	flags.StringVar(&o.seed, "seed", "", "")
	flags.StringVar(&o.state, "state", "", "")
	flags.StringVar(&o.faults, "faults", "", "")
	flags.StringVar(&o.settings, "settings", "", "")
	flags.StringVar(&o.vm, "vm", "", "")
	flags.BoolVar(&o.throttle, "throttle", false, "")
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
	keeper      *keeper // nil where the world is not kept
}

// start starts the mock that the options describe. stderr is for what the user should know.
func (o *options) start(stderr io.Writer) (_ *azure, err error) {
	seed, err := o.world()
	if err != nil {
		return nil, err
	}
	clock := &mockarm.Clock{}
	var file *mockarm.StateFile
	var world *mockarm.World
	if o.state == "" {
		world, err = mockarm.NewWorld(seed, clock)
	} else if file, err = o.openState(seed, clock, stderr); err == nil {
		world = file.World()
	}
	if err != nil {
		return nil, err
	}
	machineID, err := world.FindMachine(o.vm)
	if err != nil {
		return nil, fmt.Errorf("choosing the machine: %w", err)
	}
	if err := o.configure(world); err != nil {
		return nil, err
	}
	a := &azure{server: mockarm.NewServer(world)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.stop())
		}
	}()
	if err := o.inject(a.server); err != nil {
		return nil, err
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
	if file != nil {
		a.keeper = keep(file, stderr)
	}
	return a, nil
}

// openState goes on with the world in the state file, or begins a new one there.
func (o *options) openState(seed mockarm.Seed, clock *mockarm.Clock, stderr io.Writer) (*mockarm.StateFile, error) {
	file, seeded, err := mockarm.OpenStateFile(o.state, seed, clock)
	if err != nil {
		return nil, err
	}
	if !seeded && o.seed != "" {
		complain(stderr, fmt.Sprintf("mockarm: %s goes on from another seed than %s; remove it to begin anew\n", o.state, o.seed))
	}
	return file, nil
}

// world reads the seed of the world that the server begins with.
func (o *options) world() (_ mockarm.Seed, err error) {
	if o.seed == "" {
		return mockarm.DefaultSeed(), nil
	}
	file, err := os.Open(o.seed)
	if err != nil {
		return mockarm.Seed{}, fmt.Errorf("opening the seed: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	seed, err := mockarm.ReadSeed(file)
	if err != nil {
		return mockarm.Seed{}, fmt.Errorf("loading %s: %w", o.seed, err)
	}
	return seed, nil
}

// configure has the world behave as the file of settings says.
func (o *options) configure(world *mockarm.World) (err error) {
	world.Configure(func(settings *mockarm.Settings) { settings.Throttle = o.throttle })
	if o.settings == "" {
		return nil
	}
	file, err := os.Open(o.settings)
	if err != nil {
		return fmt.Errorf("opening the settings: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := world.ChangeSettings(file); err != nil {
		return fmt.Errorf("loading %s: %w", o.settings, err)
	}
	return nil
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

// stop ends the server, saves the world if it is kept, and takes the files away.
func (a *azure) stop() error {
	err := a.server.Close()
	if a.keeper != nil {
		err = errors.Join(err, a.keeper.stop())
	}
	if a.directory != "" {
		err = errors.Join(err, os.RemoveAll(a.directory))
	}
	return err
}
