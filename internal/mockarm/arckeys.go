// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// arcKeys are the keys by which processes prove to the Connected Machine agent that they may read its files (Microsoft Learn:
// azure-arc/servers/managed-identity-authentication). Each is good for one token.
type arcKeys struct {
	directory string

	mu    sync.Mutex
	files map[string]string // by the keys in them
}

// challenge answers with the name of a file that holds a new key.
func (k *arcKeys) challenge(w http.ResponseWriter, r *http.Request) {
	key, file := rand.Text(), filepath.Join(k.directory, newGUID()+".key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		writeJSON(w, r, http.StatusInternalServerError, imdsError("unknown", "The key file could not be written"))
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.files == nil {
		k.files = map[string]string{}
	}
	k.files[key] = file
	w.Header().Set("WWW-Authenticate", "Basic realm="+file)
	writeJSON(w, r, http.StatusUnauthorized, imdsError("unauthorized_client", "Missing Basic Authorization header"))
}

// redeem takes a key back, and tells whether it was good.
func (k *arcKeys) redeem(authorization string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, isBasic := strings.CutPrefix(authorization, "Basic ")
	file, known := k.files[key]
	if !isBasic || !known {
		return false
	}
	delete(k.files, key)
	return os.Remove(file) == nil
}

// clear takes away what was not redeemed.
func (k *arcKeys) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, file := range k.files {
		_ = os.Remove(file) // Whoever has taken it away before has done the same.
	}
	clear(k.files)
}
