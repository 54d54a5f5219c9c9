// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"errors"

	"golang.org/x/sync/singleflight"
)

// Flights lets callers that want the same thing at the same time share one fetch of it.
type Flights[V any] struct{ group singleflight.Group }

// Do fetches what key names, or waits for the fetch of it that is under way. A caller that leaves early does not spoil it
// for the others: whoever finds that the fetch was given up, and not its own fault, fetches again.
func (f *Flights[V]) Do(ctx context.Context, key string, fetch func(context.Context) (V, error)) (V, error) {
	for {
		own := make(chan struct{}) // closed when the fetch is this caller's
		answer := f.group.DoChan(key, func() (any, error) {
			close(own)
			return fetch(ctx)
		})
		var none V
		var r singleflight.Result
		select {
		case r = <-answer:
		case <-ctx.Done():
			select {
			case <-own:
				r = <-answer // it ends with ctx, too, and knows better what happened
			default:
				return none, context.Cause(ctx)
			}
		}
		if r.Err == nil {
			value, _ := r.Val.(V)
			return value, nil
		}
		abandoned := errors.Is(r.Err, context.Canceled) || errors.Is(r.Err, context.DeadlineExceeded)
		if isClosed(own) || !abandoned || ctx.Err() != nil {
			return none, r.Err
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
