// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
)

// A StateFile keeps a world from one run of the mock to the next.
type StateFile struct {
	path  string
	world *World
	// version is the world's when it was saved last, and written is what was in the file then; nil before the first time.
	version int64
	written os.FileInfo
}

// A savedWorld is what is in the file: the seed, whose secrets and issuers the state leaves out, and the state.
type savedWorld struct {
	Seed  Seed  `json:"seed"`
	State State `json:"state"`
}

// OpenStateFile goes on with the world in a file, or begins to keep a new one of a seed there. The error of a file that is
// there but cannot be read leaves it alone. seeded tells whether the seed is the one that the world in the file began with.
func OpenStateFile(path string, seed Seed, clock *Clock) (file *StateFile, seeded bool, err error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		world, err := NewWorld(seed, clock)
		if err != nil {
			return nil, false, err
		}
		return &StateFile{path: path, world: world, version: -1}, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the state: %w", err)
	}
	var saved savedWorld
	if err := readDocument(bytes.NewReader(content), &saved); err != nil {
		return nil, false, fmt.Errorf("reading the state in %s: %w", path, err)
	}
	world, err := NewWorld(saved.Seed, clock)
	if err == nil {
		err = world.Restore(saved.State)
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the state in %s: %w", path, err)
	}
	written, err := os.Stat(path)
	if err != nil {
		return nil, false, fmt.Errorf("reading the state: %w", err)
	}
	return &StateFile{path: path, world: world, version: world.newest(), written: written}, reflect.DeepEqual(saved.Seed, seed), nil
}

// World is the world that the file keeps.
func (f *StateFile) World() *World { return f.world }

// Save writes the world if it has changed. The file is replaced as a whole, so that whoever reads it, or a crash, finds the
// old world or the new one. A file that somebody else has written meanwhile is left alone.
func (f *StateFile) Save() (err error) {
	f.world.mu.Lock()
	f.world.settle()
	version, saved := f.world.version, savedWorld{Seed: f.world.seed}
	if version != f.version {
		saved.State = f.world.state()
	}
	f.world.mu.Unlock()
	if version == f.version {
		return nil
	}
	found, err := os.Stat(f.path)
	if !errors.Is(err, os.ErrNotExist) && (f.written == nil || err == nil && !os.SameFile(found, f.written)) {
		return fmt.Errorf("saving the state: somebody else has written %s since; another mock keeps its world there", f.path)
	}
	content, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	if f.written, err = replaceFile(f.path, append(content, '\n')); err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	f.version = version
	return nil
}

// replaceFile puts a file in the place of another one, for its owner alone to read: seeds hold secrets.
func replaceFile(path string, content []byte) (_ os.FileInfo, err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // Readable by the owner alone.
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return nil, err
	}
	if err = os.Rename(temporary.Name(), path); err != nil {
		return nil, err
	}
	return os.Stat(path)
}
