// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// newGUID returns a fresh GUID in the spelling that Azure uses.
func newGUID() string { return uuid.NewString() }

// derivedGUID is the GUID that stands for a text, the same every time.
func derivedGUID(text string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("mockarm:"+strings.ToLower(text))).String()
}

// freshGUID is the GUID of a new object: the next one of its kind for what it belongs to. It depends on nothing that has
// happened elsewhere, so that under [Settings.Seed] concurrent requests get the same GUIDs in whatever order they come.
func (w *World) freshGUID(kind, owner string) string {
	salt := w.salt
	if w.settings.Seed != 0 {
		salt = fmt.Sprint(w.settings.Seed)
	}
	name := salt + ":" + kind + ":" + key(owner)
	w.serials[name]++
	return derivedGUID(fmt.Sprintf("%s:%d", name, w.serials[name]))
}
