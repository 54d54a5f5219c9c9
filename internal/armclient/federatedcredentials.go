// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"golang.org/x/sync/semaphore"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// newIdentityTimeout is how long the creation of a credential waits for the identity to be found that it belongs to: reads
// of a new one come from replicas that may not have it yet.
const newIdentityTimeout = 2 * time.Minute

// A FederatedCredential is a federated identity credential. The SDK, which speaks a stable API version, has
// no place for the expression.
type FederatedCredential struct {
	armmsi.FederatedIdentityCredentialProperties

	// ClaimsMatchingExpression takes the place of the subject, "" where there is one.
	ClaimsMatchingExpression string
}

// CreateFederatedCredential creates a federated identity credential. The error is an [AlreadyExistsError] if the identity
// has one of that name and existing ones are not adopted.
func (c *Client) CreateFederatedCredential(ctx context.Context, id armid.ID, credential FederatedCredential) (FederatedCredential, error) {
	return c.writeFederatedCredential(ctx, id, "creating", newIdentityTimeout, func(ctx context.Context, client *armmsi.FederatedIdentityCredentialsClient) (FederatedCredential, error) {
		_, err := client.Get(ctx, id.ResourceGroup(), id.Parent().Name(), id.Name(), nil)
		switch {
		case err == nil && !c.config.AdoptExisting:
			return FederatedCredential{}, &AlreadyExistsError{ID: id}
		case err != nil && !IsNotFound(err):
			return FederatedCredential{}, err
		}
		return c.putFederatedCredential(ctx, client, id, credential)
	})
}

// FederatedCredential reads a federated identity credential. The stable API version shows one that has an expression
// without a subject; then, and only then, the preview version is asked as well.
func (c *Client) FederatedCredential(ctx context.Context, id armid.ID) (FederatedCredential, error) {
	client, err := c.federatedCredentials(id)
	if err != nil {
		return FederatedCredential{}, err
	}
	ctx = withCorrelationID(ctx)
	resp, err := client.Get(ctx, id.ResourceGroup(), id.Parent().Name(), id.Name(), nil)
	credential := FederatedCredential{FederatedIdentityCredentialProperties: value(resp.Properties)}
	if err == nil && value(credential.Subject) == "" {
		credential, err = c.flexibleCredential(ctx, id)
	}
	if err != nil {
		return FederatedCredential{}, fmt.Errorf("reading the federated identity credential %s: %w", id, err)
	}
	return credential, nil
}

// UpdateFederatedCredential changes a federated identity credential. All of its properties are written.
func (c *Client) UpdateFederatedCredential(ctx context.Context, id armid.ID, credential FederatedCredential) (FederatedCredential, error) {
	return c.writeFederatedCredential(ctx, id, "updating", 0, func(ctx context.Context, client *armmsi.FederatedIdentityCredentialsClient) (FederatedCredential, error) {
		return c.putFederatedCredential(ctx, client, id, credential)
	})
}

// DeleteFederatedCredential deletes a federated identity credential. One that is gone, or whose identity is, is no error.
func (c *Client) DeleteFederatedCredential(ctx context.Context, id armid.ID) error {
	_, err := c.writeFederatedCredential(ctx, id, "deleting", 0, func(ctx context.Context, client *armmsi.FederatedIdentityCredentialsClient) (FederatedCredential, error) {
		_, err := client.Delete(ctx, id.ResourceGroup(), id.Parent().Name(), id.Name(), nil)
		if IsNotFound(err) {
			err = nil
		}
		return FederatedCredential{}, err
	})
	return err
}

// putFederatedCredential writes a credential, in the stable API version unless it has an expression.
func (c *Client) putFederatedCredential(ctx context.Context, client *armmsi.FederatedIdentityCredentialsClient, id armid.ID, credential FederatedCredential) (FederatedCredential, error) {
	if credential.ClaimsMatchingExpression != "" {
		return c.putFlexibleCredential(ctx, id, credential)
	}
	body := armmsi.FederatedIdentityCredential{Properties: &credential.FederatedIdentityCredentialProperties}
	resp, err := client.CreateOrUpdate(ctx, id.ResourceGroup(), id.Parent().Name(), id.Name(), body, nil)
	return FederatedCredential{FederatedIdentityCredentialProperties: value(resp.Properties)}, err
}

// writeFederatedCredential makes a write when it is its turn, and again while others write to the same identity, or for as
// long as patience lasts while the identity is not found. verb is what is being done, for errors.
//
// Azure takes one write at a time to the credentials of an identity and refuses the others (Microsoft Learn:
// workload-identity-federation-considerations, "Concurrent updates aren't supported"). Within the process writes queue up;
// those of other processes show by the refusal.
func (c *Client) writeFederatedCredential(
	ctx context.Context, id armid.ID, verb string, patience time.Duration,
	write func(context.Context, *armmsi.FederatedIdentityCredentialsClient) (FederatedCredential, error),
) (FederatedCredential, error) {
	var none FederatedCredential
	ctx = withCorrelationID(ctx)
	client, err := c.federatedCredentials(id)
	if err != nil {
		return none, err
	}
	done, err := c.credentialTurns.wait(ctx, id.Parent().Key())
	if err != nil {
		return none, fmt.Errorf("%s the federated identity credential %s: waiting for the other writes to its identity: %w", verb, id, err)
	}
	defer done()
	began := time.Now()
	for attempt := 0; ; attempt++ {
		written, err := write(ctx, client)
		if err == nil {
			return written, nil
		}
		delay := conflictDelay(attempt)
		switch {
		case isConcurrentCredentialWrite(err):
		case isParentMissing(err) && time.Since(began)+delay < patience:
		default:
			return none, fmt.Errorf("%s the federated identity credential %s: %w", verb, id, err)
		}
		if waitErr := sleep(ctx, delay); waitErr != nil {
			return none, &TimeUpError{Cause: waitErr, Last: err}
		}
	}
}

// isConcurrentCredentialWrite reports whether Azure has refused a write because of another one to the same identity. Only
// the status is documented; other refusals with this status, such as a lock's, have codes of their own.
func isConcurrentCredentialWrite(err error) bool {
	respErr, ok := asResponseError(err)
	if !ok || respErr.StatusCode != http.StatusConflict {
		return false
	}
	return strings.HasPrefix(respErr.ErrorCode, "Concurrent") || respErr.ErrorCode == "Conflict" || respErr.ErrorCode == ""
}

// isParentMissing reports whether a write failed because the identity was not found that the credential belongs to. That
// its resource group is missing does not pass.
func isParentMissing(err error) bool {
	return IsNotFound(err) && ErrorCode(err) != "ResourceGroupNotFound"
}

// federatedCredentials returns the client of the subscription that the identity is in.
func (c *Client) federatedCredentials(id armid.ID) (*armmsi.FederatedIdentityCredentialsClient, error) {
	client, err := armmsi.NewFederatedIdentityCredentialsClient(id.SubscriptionID(), c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to ask for the federated identity credential %s: %w", id, err)
	}
	return client, nil
}

// turns have those wait who want to write to the same thing, in the order in which they came. The zero value is ready.
type turns struct {
	mu    sync.Mutex
	taken map[string]*semaphore.Weighted // by what is written to
}

// wait returns when it is the caller's turn, with what the caller calls when it has had it; or when ctx ends, with the cause.
func (t *turns) wait(ctx context.Context, key string) (done func(), err error) {
	t.mu.Lock()
	if t.taken == nil {
		t.taken = map[string]*semaphore.Weighted{}
	}
	turn := t.taken[key]
	if turn == nil {
		turn = semaphore.NewWeighted(1)
		t.taken[key] = turn
	}
	t.mu.Unlock()
	if turn.Acquire(ctx, 1) != nil {
		return nil, context.Cause(ctx)
	}
	return func() { turn.Release(1) }, nil
}
