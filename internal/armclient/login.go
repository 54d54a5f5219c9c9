// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"slices"
	"strings"
)

// A way to log in, with what it needs.
type way struct {
	name string
	// on is the argument that allows the way; none for those that are allowed by what they need.
	on    argument
	needs []need
	// byDefault tells that the way is allowed unless it is forbidden.
	byDefault bool
	// prepare checks the values of the arguments, as far as that takes no network.
	prepare func(Config) (credentialBuilder, error)
}

// A credentialBuilder makes the credential when it is first needed.
type credentialBuilder func(*Client) (tokenSource, error)

// off tells whether the way is not allowed.
func (w way) off(cfg Config) bool { return w.on.name != "" && !w.on.given(cfg) }

// weigh lists what a way has of all that it needs, and what it lacks. Of a way that is not allowed, only that is said.
func (w way) weigh(cfg Config) (has, lacks []string) {
	if w.off(cfg) {
		return nil, []string{w.on.String()}
	}
	if w.on.name != "" {
		has = append(has, w.on.name)
	}
	for _, n := range w.needs {
		if a, ok := n.met(cfg); ok {
			has = append(has, a.name)
		} else {
			lacks = append(lacks, n[0].String())
		}
	}
	return has, lacks
}

// A login is the way that was chosen, or why there is none.
type login struct {
	build  credentialBuilder
	reason string
}

func (l login) credential(c *Client) (tokenSource, error) { return l.build(c) }

// chooseLogin takes the first way that has all it needs. It looks at the configuration and at local files only, and at
// those only that the way is about: whoever has set them wants to hear at once that they are wrong.
//
// A way that was asked for and lacks something is no reason to take one that nobody asked for. Whoever says use_oidc in a
// job would else hear that the Azure CLI is not logged in.
func chooseLogin(cfg Config) (login, error) {
	if len(cfg.Unknown) > 0 {
		err := &UnknownConfigError{cfg.Unknown}
		return login{func(*Client) (tokenSource, error) { return nil, err }, err.Error()}, nil
	}
	var lacking []string
	incomplete := &IncompleteLoginError{}
	for _, w := range ways {
		has, lacks := w.weigh(cfg)
		if len(lacks) == 0 && w.byDefault && incomplete.asked() {
			break
		}
		if len(lacks) == 0 {
			build, err := w.prepare(cfg)
			if err != nil {
				return login{}, err
			}
			reason := fmt.Sprintf("logging in with %s, because of %s", w.name, enumerate(has, "and"))
			if len(lacking) > 0 {
				reason += "; passed over " + strings.Join(lacking, "; ")
			}
			return login{build, reason}, nil
		}
		verb := "is"
		if len(lacks) > 1 {
			verb = "are"
		}
		line := fmt.Sprintf("%s: %s %s not set", w.name, enumerate(lacks, "and"), verb)
		lacking = append(lacking, line)
		if w.on.name != "" && !w.off(cfg) {
			incomplete.add(w.on, line)
		}
	}
	if incomplete.asked() {
		return login{}, incomplete
	}
	err := &NoCredentialError{lacking}
	return login{func(*Client) (tokenSource, error) { return nil, err }, "no way to log in: " + strings.Join(lacking, "; ")}, nil
}

// NoCredentialError says that nothing the provider was told lets it log in.
type NoCredentialError struct {
	// Lacking tells for each way what it lacks.
	Lacking []string
}

// Error implements error.
func (e *NoCredentialError) Error() string {
	return "There is no way to log in to Azure. This was looked for:\n  - " + strings.Join(e.Lacking, "\n  - ")
}

// NonRetriable marks the error for azcore: a second look would find the same.
func (*NoCredentialError) NonRetriable() {}

func (*NoCredentialError) explained() {}

// IncompleteLoginError says that a way to log in was asked for and lacks something.
type IncompleteLoginError struct {
	// Switches are the arguments that ask for it, Lacking tells for each way that they allow what it lacks.
	Switches, Lacking []string
}

func (e *IncompleteLoginError) asked() bool { return len(e.Lacking) > 0 }

func (e *IncompleteLoginError) add(on argument, lacks string) {
	if !slices.Contains(e.Switches, on.String()) {
		e.Switches = append(e.Switches, on.String())
	}
	e.Lacking = append(e.Lacking, lacks)
}

// Error implements error.
func (e *IncompleteLoginError) Error() string {
	verb := "is"
	if len(e.Switches) > 1 {
		verb = "are"
	}
	text := fmt.Sprintf("%s %s on, and what that needs is not there:\n  - %s\n\n", enumerate(e.Switches, "and"), verb, strings.Join(e.Lacking, "\n  - "))
	if slices.Contains(e.Switches, useOIDC.String()) {
		text += "A job of GitHub Actions is told URL and token if it has the permission \"id-token: write\" (permissions: in the workflow). A job of Azure Pipelines " +
			"is told the URL, and the token if its step maps $(System.AccessToken) to SYSTEM_ACCESSTOKEN under env:. Elsewhere set oidc_token (ARM_OIDC_TOKEN) or " +
			"oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH).\n"
	}
	if slices.Contains(e.Switches, useAKS.String()) {
		text += "A pod of AKS is told these if it has the label azure.workload.identity/use: \"true\", and a service account with the annotation azure.workload.identity/client-id.\n"
	}
	return text + "To log in otherwise, do not ask for this."
}

// NonRetriable marks the error for azcore: a second look would find the same.
func (*IncompleteLoginError) NonRetriable() {}

func (*IncompleteLoginError) explained() {}

// UnknownConfigError says that the provider cannot reach Azure yet.
type UnknownConfigError struct {
	// Arguments are those whose values are not known.
	Arguments []string
}

// Error implements error.
func (e *UnknownConfigError) Error() string {
	return "The configuration of the provider depends on something that is not applied yet, so Azure cannot be asked. Apply that first, " +
		"with -target. Not known yet: " + strings.Join(e.Arguments, ", ") + "."
}

// NonRetriable marks the error for azcore: a second look would find the same.
func (*UnknownConfigError) NonRetriable() {}

func (*UnknownConfigError) explained() {}

// enumerate writes a list as English does.
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
