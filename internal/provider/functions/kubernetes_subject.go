// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package functions

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

type kubernetesSubject struct{}

// NewKubernetesSubject returns the function kubernetes_subject.
func NewKubernetesSubject() function.Function { return kubernetesSubject{} }

func (kubernetesSubject) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "kubernetes_subject"
}

func (kubernetesSubject) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Builds the subject of a Kubernetes service account.",
		MarkdownDescription: "Builds the subject that a Kubernetes cluster puts into the tokens of a service account, for `subject` of " +
			"`azuremi_federated_identity_credential`. The issuer is the cluster's OIDC issuer URL.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "namespace", MarkdownDescription: "The namespace of the service account."},
			function.StringParameter{Name: "service_account", MarkdownDescription: "The name of the service account."},
		},
		Return: function.StringReturn{},
	}
}

// Names in Kubernetes (Kubernetes documentation: "Object Names and IDs"): a namespace is a label of RFC 1123, a service account
// a subdomain.
var (
	label     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
)

const maxSubdomain = 253

func (kubernetesSubject) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var namespace, account string
	resp.Error = req.Arguments.Get(ctx, &namespace, &account)
	switch {
	case resp.Error != nil:
	case !label.MatchString(namespace):
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is not the name of a namespace: 1 to 63 lower-case letters, digits and hyphens.", namespace))
	case !subdomain.MatchString(account) || len(account) > maxSubdomain:
		resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("%q is not the name of a service account: lower-case letters, digits, hyphens and dots.", account))
	default:
		resp.Error = resp.Result.Set(ctx, "system:serviceaccount:"+namespace+":"+account)
	}
}
