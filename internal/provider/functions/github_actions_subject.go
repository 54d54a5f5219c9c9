// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package functions

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

type githubActionsSubject struct{}

// NewGitHubActionsSubject returns the function github_actions_subject.
func NewGitHubActionsSubject() function.Function { return githubActionsSubject{} }

func (githubActionsSubject) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "github_actions_subject"
}

func (githubActionsSubject) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Builds the subject of a GitHub Actions job.",
		MarkdownDescription: "Builds the subject that GitHub puts into the token of a job, for `subject` of `azuremi_federated_identity_credential`. " +
			"Only GitHub's default subjects are built, not those that a repository has customized. Case counts. " +
			"A job that names an environment has the environment in its subject, whatever branch or event it runs for.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name: "repository",
				MarkdownDescription: "The repository as `OWNER/NAME`; or as `OWNER@OWNER_ID/NAME@REPOSITORY_ID` where its subjects are immutable, as they " +
					"are for repositories that were created, renamed or transferred since July 15, 2026.",
			},
			function.StringParameter{
				Name:                "entity",
				MarkdownDescription: "What the job runs for: `branch`, `tag`, `environment` or `pull_request`.",
			},
		},
		VariadicParameter: function.StringParameter{
			Name:                "value",
			MarkdownDescription: "The name of the branch, tag or environment, without `refs/`. A `pull_request` has none.",
		},
		Return: function.StringReturn{},
	}
}

// repository is a repository by its name, or with the IDs of immutable subjects (GitHub Docs: "OpenID Connect reference",
// "Immutable subject claims").
var repository = regexp.MustCompile(`^(?:[A-Za-z0-9_-]+/[A-Za-z0-9._-]+|[A-Za-z0-9_-]+@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)$`)

// The entities that a job can run for, by what stands before their name in a subject (GitHub Docs: "OpenID Connect reference",
// "Example subject claims").
var entities = map[string]string{"branch": "ref:refs/heads/", "tag": "ref:refs/tags/", "environment": "environment:"}

func (githubActionsSubject) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var name, entity string
	var values []string
	resp.Error = req.Arguments.Get(ctx, &name, &entity, &values)
	if resp.Error != nil {
		return
	}
	if !repository.MatchString(name) {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is neither OWNER/NAME nor OWNER@OWNER_ID/NAME@REPOSITORY_ID.", name))
		return
	}
	prefix, named := entities[entity]
	switch {
	case entity == "pull_request" && len(values) == 0:
		resp.Error = resp.Result.Set(ctx, "repo:"+name+":pull_request")
	case entity == "pull_request":
		resp.Error = function.NewArgumentFuncError(2, "The subject of a pull request is the same for all pull requests: it takes no value.")
	case !named:
		resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("%q is none of branch, tag, environment and pull_request.", entity))
	case len(values) != 1 || values[0] == "" || strings.TrimSpace(values[0]) != values[0] || entity != "environment" && strings.HasPrefix(values[0], "refs/"):
		resp.Error = function.NewArgumentFuncError(int64(min(1+len(values), 2)), fmt.Sprintf("The name of one %s is wanted, without refs/ and without white space around it.", entity))
	default:
		// GitHub escapes the colon, which separates the parts of a subject.
		resp.Error = resp.Result.Set(ctx, "repo:"+name+":"+prefix+strings.ReplaceAll(values[0], ":", "%3A"))
	}
}
