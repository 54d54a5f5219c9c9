// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"regexp"
	"strings"
)

// loginSteps say what to do about Entra's errors, by their codes (Microsoft Learn: identity-platform/reference-error-codes).
var loginSteps = map[string]string{
	"AADSTS7000215": "Check client_secret (ARM_CLIENT_SECRET): it must be the secret's value, not its ID.",
	"AADSTS7000222": "The client secret has expired. Make a new one and set client_secret (ARM_CLIENT_SECRET).",
	"AADSTS700016":  "Check client_id (ARM_CLIENT_ID) and tenant_id (ARM_TENANT_ID): the application must exist in the tenant.",
	"AADSTS700024":  "Check the clock of this machine, and that the OIDC token is a new one: those of build services are good for some minutes. With oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH) a new one is read when it is needed.",
	"AADSTS700027":  "Check that the certificate is registered at the application of client_id (ARM_CLIENT_ID), and that it is the one in client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH) or client_certificate (ARM_CLIENT_CERTIFICATE).",
	"AADSTS50027":   "Check oidc_token (ARM_OIDC_TOKEN) or the file of oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH): it must hold a JSON Web Token and nothing else.",
	"AADSTS90002":   "Check tenant_id (ARM_TENANT_ID), and the cloud in the provider configuration.",
	"AADSTS90061":   "Microsoft Entra reads the issuer's keys from its URL, which must be public.",
	"AADSTS500011":  "Check resource_manager_audience (ARM_RESOURCE_MANAGER_AUDIENCE).",
	"AADSTS700211":  "Check issuer of the identity's azuremi_federated_identity_credential against the one in the message: they must be the same to the letter, a slash at the end included.",
	"AADSTS700212":  "Check audience of the identity's azuremi_federated_identity_credential against the one in the message, and the audience that the token is asked for.",
	"AADSTS700213":  "Check subject of the identity's azuremi_federated_identity_credential against the one in the message.",
	"AADSTS7002138": "Check subject of the identity's azuremi_federated_identity_credential against the one in the message: they differ in case, which counts.",
	"AADSTS70021":   "If the azuremi_federated_identity_credential was written a moment ago, wait some minutes: it takes that long to be known everywhere.",
}

// aadstsCode is how Entra begins a description.
var aadstsCode = regexp.MustCompile(`AADSTS\d+`)

// presentedSubject is how Entra names the subject of an assertion that no federated credential is for.
var presentedSubject = regexp.MustCompile(`presented assertion subject '([^']*)'`)

func nextStepOfLogin(text string) string {
	step := loginSteps[aadstsCode.FindString(text)]
	if match := presentedSubject.FindStringSubmatch(text); match != nil {
		step = strings.TrimSpace(step + " " + readSubject(match[1]))
	}
	return step
}

// readSubject takes apart what an issuer says of the one who logs in, so that the part is found that differs from what the
// federated credential says. Entra tells only the one, and who cannot log in cannot read the other.
func readSubject(subject string) string {
	for _, of := range []func(string) string{readGitHubSubject, readKubernetesSubject, readGitLabSubject, readPipelineSubject} {
		if text := of(subject); text != "" {
			return text
		}
	}
	return ""
}

// readGitHubSubject reads repo:OWNER/REPOSITORY:CONTEXT (GitHub Docs: "OpenID Connect reference", "Example subject claims").
func readGitHubSubject(subject string) string {
	rest, ok := strings.CutPrefix(subject, "repo:")
	repository, context, found := strings.Cut(rest, ":")
	owner, name, both := strings.Cut(repository, "/")
	if !ok || !found || !both {
		return ""
	}
	ids := "They have no IDs in them; one with OWNER@ID/REPOSITORY@ID does not match"
	if strings.Contains(owner, "@") {
		ids = "They have IDs in them, as with repositories made since July 2026; one without does not match"
	}
	return fmt.Sprintf("It has these parts: owner %q, repository %q, and %q, which %s. %s.", owner, name, context, readGitHubContext(context), ids)
}

func readGitHubContext(context string) string {
	kind, name, _ := strings.Cut(context, ":")
	branch, isBranch := strings.CutPrefix(name, "refs/heads/")
	tag, isTag := strings.CutPrefix(name, "refs/tags/")
	switch {
	case kind == "environment":
		return fmt.Sprintf("says that the job names the environment %q; a credential for a branch does not match it", name)
	case kind == "pull_request":
		return "says that the job runs for a pull request; a credential for a branch does not match it"
	case kind == "ref" && isBranch:
		return fmt.Sprintf("says that the job runs on the branch %q and names no environment; a credential for another branch, a tag or an environment does not match it", branch)
	case kind == "ref" && isTag:
		return fmt.Sprintf("says that the job runs on the tag %q and names no environment; a credential for a branch does not match it", tag)
	}
	return "the organization or the repository has chosen for itself"
}

// readKubernetesSubject reads system:serviceaccount:NAMESPACE:NAME (Kubernetes: "Authenticating", "Service account tokens").
func readKubernetesSubject(subject string) string {
	rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	namespace, name, found := strings.Cut(rest, ":")
	if !ok || !found {
		return ""
	}
	return fmt.Sprintf("It has these parts: namespace %q and service account %q.", namespace, name)
}

// readGitLabSubject reads project_path:GROUP/PROJECT:ref_type:TYPE:ref:NAME (GitLab Docs: "ID token authentication").
func readGitLabSubject(subject string) string {
	rest, ok := strings.CutPrefix(subject, "project_path:")
	project, rest, typed := strings.Cut(rest, ":ref_type:")
	kind, ref, found := strings.Cut(rest, ":ref:")
	if !ok || !typed || !found {
		return ""
	}
	return fmt.Sprintf("It has these parts: project %q, kind of reference %q (branch or tag) and reference %q.", project, kind, ref)
}

// readPipelineSubject reads sc://ORGANIZATION/PROJECT/SERVICE CONNECTION (Microsoft Learn:
// azure/devops/pipelines/release/configure-workload-identity).
func readPipelineSubject(subject string) string {
	rest, ok := strings.CutPrefix(subject, "sc://")
	parts := strings.SplitN(rest, "/", 3)
	if !ok || len(parts) < 3 {
		return ""
	}
	return fmt.Sprintf("It has these parts: organization %q, project %q and service connection %q.", parts[0], parts[1], parts[2])
}
