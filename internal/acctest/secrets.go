// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// secretText finds access tokens: all that the mock issues are JSON Web Tokens.
var secretText = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)

// searchForSecrets fails the test if a token or the secret is in any file below a folder, or if no file there is a trace of
// the engine, since its absence would prove nothing. The mock's own files, which hold the secret, are named by their paths.
func searchForSecrets(t *testing.T, dir, secret string, ofTheMock ...string) {
	t.Helper()
	logged := false
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || slices.Contains(ofTheMock, path) {
			return err
		}
		content, err := os.ReadFile(path)
		if token := secretText.Find(content); token != nil {
			t.Errorf("%s holds a token: %.20s…", entry.Name(), token)
		}
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("%s holds the client secret", entry.Name())
		}
		logged = logged || bytes.Contains(content, []byte("[TRACE]"))
		return err
	})
	if err != nil || !logged {
		t.Errorf("there is no trace of the engine, so that it proves nothing that it holds no secret: %v", err)
	}
}
