// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// locksVersion is the API version of Microsoft.Authorization/locks.
const locksVersion = "2020-05-01"

// LockedError says which management locks forbid a write. Err is ARM's refusal.
type LockedError struct {
	Locks []Lock
	Err   error
}

// Lock is a management lock.
type Lock struct {
	ID, Name, Level, Notes string
}

// Error implements error.
func (e *LockedError) Error() string {
	named := make([]string, len(e.Locks))
	for i, l := range e.Locks {
		named[i] = fmt.Sprintf("%q (%s, %s)", l.Name, l.Level, l.ID)
		if l.Notes != "" {
			named[i] += ", which says: " + l.Notes
		}
	}
	text := e.Err.Error()
	if respErr, ok := asResponseError(e.Err); ok {
		text = answered(respErr)
	}
	return text + "\n\nIn the way is the management lock " + enumerate(named, "and") + "."
}

// Unwrap returns ARM's refusal.
func (e *LockedError) Unwrap() error { return e.Err }

func (*LockedError) explained() {}

// lockedScopes finds the scopes in the message of ScopeLocked: "... because following scope(s) are locked: '/subscriptions/...'".
var lockedScopes = regexp.MustCompile(`are locked:((?:\s*,?\s*'[^']+')+)`)

// lockedError names the locks behind a refusal, whose message tells only what is locked. Who may not read locks gets the
// refusal as it is.
func (c *Client) lockedError(ctx context.Context, scope armid.ID, refusal error) error {
	scopes := []armid.ID{scope}
	if respErr, ok := asResponseError(refusal); ok {
		if match := lockedScopes.FindStringSubmatch(errorMessage(respErr)); match != nil {
			scopes = nil
			for i, text := range strings.Split(match[1], "'") {
				if id, err := armid.Parse(text); i%2 == 1 && err == nil {
					scopes = append(scopes, id)
				}
			}
		}
	}
	var locks []Lock
	for _, s := range scopes {
		found, err := c.locks(ctx, s)
		if err != nil {
			return refusal
		}
		locks = append(locks, found...)
	}
	if len(locks) == 0 {
		return refusal
	}
	return &LockedError{Locks: locks, Err: refusal}
}

// locks lists the locks of a scope and of what is above it.
func (c *Client) locks(ctx context.Context, scope armid.ID) ([]Lock, error) {
	client, err := arm.NewClient("armclient", "v1.0.0", c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to list the locks of %s: %w", scope, err)
	}
	req, err := runtime.NewRequest(ctx, http.MethodGet, runtime.JoinPaths(client.Endpoint(), pathOf(scope), "/providers/Microsoft.Authorization/locks"))
	if err != nil {
		return nil, fmt.Errorf("preparing to list the locks of %s: %w", scope, err)
	}
	query := req.Raw().URL.Query()
	query.Set("api-version", locksVersion)
	query.Set("$filter", "atScope()")
	req.Raw().URL.RawQuery = query.Encode()
	resp, err := client.Pipeline().Do(req)
	if err != nil {
		return nil, fmt.Errorf("listing the locks of %s: %w", scope, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return nil, fmt.Errorf("listing the locks of %s: %w", scope, runtime.NewResponseError(resp))
	}
	var list struct {
		Value []struct {
			ID, Name   string
			Properties struct{ Level, Notes string }
		}
	}
	if err := runtime.UnmarshalAsJSON(resp, &list); err != nil {
		return nil, fmt.Errorf("reading the locks of %s: %w", scope, err)
	}
	locks := make([]Lock, len(list.Value))
	for i, l := range list.Value {
		locks[i] = Lock{ID: l.ID, Name: l.Name, Level: l.Properties.Level, Notes: l.Properties.Notes}
	}
	return locks, nil
}
