// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// savePause is how much of a world's history is lost at most when the program is killed.
const savePause = 500 * time.Millisecond

// A keeper saves a world over and over while it is in use.
type keeper struct {
	file  *mockarm.StateFile
	quit  chan struct{}
	ended chan struct{}
}

// keep begins to save a world. What cannot be saved is told once, and tried again at the end.
func keep(file *mockarm.StateFile, stderr io.Writer) *keeper {
	k := &keeper{file: file, quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		ticks := time.NewTicker(savePause)
		defer ticks.Stop()
		told := false
		for {
			select {
			case <-k.quit:
				return
			case <-ticks.C:
				if err := file.Save(); err != nil && !told {
					told = true
					complain(stderr, fmt.Sprintf("mockarm: %v\n", err))
				}
			}
		}
	}()
	return k
}

// stop saves the world for the last time.
func (k *keeper) stop() error {
	close(k.quit)
	<-k.ended
	return k.file.Save()
}
