// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// workloadCredential gets tokens of an identity that trusts the service account of the pod that the process runs in.
type workloadCredential struct {
	client   *Client
	pod      WorkloadIdentity
	selector IdentitySelector
}

func newWorkloadCredential(c *Client, pod WorkloadIdentity, s IdentitySelector) (*workloadCredential, error) {
	pod.ClientID = cmp.Or(s.ClientID, pod.ClientID)
	switch {
	case pod.ClientID == "":
		return nil, errors.New("the pod has a token (AZURE_FEDERATED_TOKEN_FILE), but it is not known of which managed identity: AZURE_CLIENT_ID is not set. " + workloadHost.assignAny)
	case pod.TenantID == "":
		return nil, errors.New("the pod has a token (AZURE_FEDERATED_TOKEN_FILE), but AZURE_TENANT_ID is not set, which the webhook of Microsoft Entra Workload ID sets along with it")
	}
	return &workloadCredential{c, pod, IdentitySelector{ClientID: pod.ClientID}}, nil
}

// GetToken implements azcore.TokenCredential. azidentity's credential keeps its tokens, and ours must be new ones, so each is
// asked for with another.
func (w *workloadCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	// azidentity's error for it names no variable.
	if file, err := os.Open(w.pod.TokenFile); err != nil {
		return azcore.AccessToken{}, fmt.Errorf("reading the token of the pod, which AZURE_FEDERATED_TOKEN_FILE names: %w", err)
	} else if err := file.Close(); err != nil {
		return azcore.AccessToken{}, fmt.Errorf("reading the token of the pod: %w", err)
	}
	credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientID: w.pod.ClientID, TenantID: w.pod.TenantID, TokenFilePath: w.pod.TokenFile,
		ClientOptions:            w.client.loginOptions(),
		DisableInstanceDiscovery: w.client.config.DisableInstanceDiscovery,
	})
	if err != nil {
		return azcore.AccessToken{}, fmt.Errorf("preparing to use the managed identity %s: %w", w.selector, err)
	}
	token, err := credential.GetToken(ctx, options)
	if err == nil {
		return token, nil
	}
	if failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && failed.RawResponse != nil {
		if text := loginRefused(failed); slices.ContainsFunc(noTrust, func(code string) bool { return strings.Contains(text, code+":") }) {
			return azcore.AccessToken{}, &IdentityUnavailableError{
				Selector: w.selector, Description: strings.TrimPrefix(text, "Microsoft Entra refused the login: "), host: workloadHost,
			}
		}
	}
	return azcore.AccessToken{}, err
}

// noTrust are the codes by which Entra says that the identity does not trust the issuer or the service account, or that it is
// not there, which a new one is not yet. A subject in another case (AADSTS7002138) or another audience (AADSTS700212) is a
// mistake that no time mends.
var noTrust = []string{"AADSTS70021", "AADSTS700211", "AADSTS700213", "AADSTS700016"}
