// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// flexibleVersion is the API version that knows claims matching expressions (Microsoft Learn:
// workload-identities-set-up-flexible-federated-identity-credential, "Managed identity - ARM REST"). No stable version
// does, and so the SDK does not.
const flexibleVersion = "2025-01-31-preview"

// expressionLanguage is the only version of the language that there is.
const expressionLanguage = 1

// flexibleBody is a federated identity credential on the wire of the preview API version.
type flexibleBody struct {
	Properties flexibleProperties `json:"properties"`
}

type flexibleProperties struct {
	Issuer     *string           `json:"issuer,omitempty"`
	Subject    *string           `json:"subject,omitempty"`
	Audiences  []*string         `json:"audiences,omitempty"`
	Expression *claimsExpression `json:"claimsMatchingExpression,omitempty"`
}

type claimsExpression struct {
	Value           string `json:"value"`
	LanguageVersion int    `json:"languageVersion"`
}

func (b flexibleBody) credential() FederatedCredential {
	p := b.Properties
	credential := FederatedCredential{FederatedIdentityCredentialProperties: armmsi.FederatedIdentityCredentialProperties{
		Issuer: p.Issuer, Subject: p.Subject, Audiences: p.Audiences,
	}}
	if p.Expression != nil {
		credential.ClaimsMatchingExpression = p.Expression.Value
	}
	return credential
}

// noExpressionsError is ARM's refusal of the preview API version, by a cloud or a subscription that does not know it.
type noExpressionsError struct{ refusal error }

// Error implements error.
func (e *noExpressionsError) Error() string {
	return "claims matching expressions are not known there: " + e.refusal.Error()
}

// Unwrap returns ARM's refusal.
func (e *noExpressionsError) Unwrap() error { return e.refusal }

// flexibleCredential reads a credential in the preview API version.
func (c *Client) flexibleCredential(ctx context.Context, id armid.ID) (FederatedCredential, error) {
	return c.askFlexible(ctx, http.MethodGet, id, nil)
}

// putFlexibleCredential writes a credential that has an expression.
func (c *Client) putFlexibleCredential(ctx context.Context, id armid.ID, credential FederatedCredential) (FederatedCredential, error) {
	return c.askFlexible(ctx, http.MethodPut, id, &flexibleBody{Properties: flexibleProperties{
		Issuer: credential.Issuer, Audiences: credential.Audiences,
		Expression: &claimsExpression{Value: credential.ClaimsMatchingExpression, LanguageVersion: expressionLanguage},
	}})
}

// askFlexible sends a request in the preview API version, through the pipeline that the SDK's clients share.
func (c *Client) askFlexible(ctx context.Context, method string, id armid.ID, body *flexibleBody) (FederatedCredential, error) {
	var none FederatedCredential
	client, err := arm.NewClient("armclient", "v1.0.0", c.credential, c.armOptions())
	if err != nil {
		return none, fmt.Errorf("preparing to ask for the claims matching expression: %w", err)
	}
	req, err := runtime.NewRequest(ctx, method, runtime.JoinPaths(client.Endpoint(), pathOf(id)))
	if err != nil {
		return none, fmt.Errorf("preparing to ask for the claims matching expression: %w", err)
	}
	query := req.Raw().URL.Query()
	query.Set("api-version", flexibleVersion)
	req.Raw().URL.RawQuery = query.Encode()
	req.Raw().Header.Set("Accept", "application/json")
	if body != nil {
		if err := runtime.MarshalAsJSON(req, body); err != nil {
			return none, fmt.Errorf("writing the claims matching expression: %w", err)
		}
	}
	resp, err := client.Pipeline().Do(req)
	if err != nil {
		return none, err
	}
	defer func() { _ = resp.Body.Close() }()
	if !runtime.HasStatusCode(resp, http.StatusOK, http.StatusCreated) {
		err := runtime.NewResponseError(resp)
		if code := ErrorCode(err); code == "InvalidApiVersionParameter" || code == "NoRegisteredProviderFound" {
			return none, &noExpressionsError{err}
		}
		return none, err
	}
	var answer flexibleBody
	if err := runtime.UnmarshalAsJSON(resp, &answer); err != nil {
		return none, fmt.Errorf("reading the claims matching expression: %w", err)
	}
	return answer.credential(), nil
}
