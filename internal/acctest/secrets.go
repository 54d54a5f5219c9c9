// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
)

// secretTexts find what is secret whoever has made it: JSON Web Tokens, as all access tokens, assertions and request tokens of
// the mock are, and private keys.
var secretTexts = map[string]*regexp.Regexp{
	"a token":       regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`),
	"a private key": regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
}

// secretVariable tells which environment variables hold a secret, and not the path of one.
var secretVariable = regexp.MustCompile(`^(ARM|AZURE|ACTIONS|SYSTEM)_.*(SECRET|PASSWORD|TOKEN|CERTIFICATE)$`)

// shortestSecret keeps words that are no secret from being looked for.
const shortestSecret = 12

// Keep has the files of all workspaces looked through for a secret that the mock knows nothing of, such as the key of a
// certificate. Each line counts by itself.
func (a *Azure) Keep(secret string) {
	a.secrets = append(a.secrets, strings.Split(secret, "\n")...)
}

// watchForSecrets has a workspace log all that it can, and fails the test if a secret is left in any file: state, plan, log
// or crash report. What the mock knows or has received by the end of the test counts, and what the environment holds.
func (a *Azure) watchForSecrets(workspace *engine.Workspace, env []string) {
	a.t.Helper()
	if err := workspace.SetLogPath(filepath.Join(workspace.Dir, "trace.log")); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		secrets := slices.Concat(a.Secrets(), a.secrets)
		for _, pair := range env {
			if name, value, _ := strings.Cut(pair, "="); secretVariable.MatchString(name) {
				secrets = append(secrets, value)
			}
		}
		searchForSecrets(a.t, workspace.Dir, secrets)
	})
}

// searchForSecrets fails the test if a secret is in any file below a folder, or if no file there is a trace of the engine,
// since the absence of secrets would prove nothing. The mock's own files, which hold them, are named by their paths.
func searchForSecrets(t *testing.T, dir string, secrets []string, ofTheMock ...string) {
	t.Helper()
	slices.Sort(secrets)
	found, logged, err := leaks(dir, slices.Compact(secrets), ofTheMock...)
	for _, leak := range found {
		t.Error(leak)
	}
	if err != nil || !logged {
		t.Errorf("there is no trace of the engine, so that it proves nothing that it holds no secret: %v", err)
	}
}

// unpacked is what a file holds. A saved plan is an archive, whose files come one after the other.
func unpacked(path string) ([]byte, error) {
	archive, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		return os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	var content []byte
	for _, entry := range archive.File {
		text, errEntry := fs.ReadFile(archive, entry.Name)
		content, err = append(content, text...), errors.Join(err, errEntry)
	}
	return content, errors.Join(err, archive.Close())
}

// leaks looks through all files of a folder but the mock's own, and reports whether the engine has written a trace there.
func leaks(dir string, secrets []string, ofTheMock ...string) (found []string, logged bool, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || slices.Contains(ofTheMock, path) {
			return err
		}
		content, err := unpacked(path)
		if err != nil {
			return err
		}
		for what, pattern := range secretTexts {
			if pattern.Match(content) {
				found = append(found, entry.Name()+" holds "+what)
			}
		}
		for _, secret := range secrets {
			if len(secret) >= shortestSecret && bytes.Contains(content, []byte(secret)) {
				found = append(found, entry.Name()+" holds a secret that begins with "+secret[:4])
			}
		}
		logged = logged || bytes.Contains(content, []byte("[TRACE]"))
		return nil
	})
	return found, logged, err
}
