// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"iter"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// pages yields the pages of a list. A list that leads back to a page it came from would never end, and is an error.
func pages[P any](ctx context.Context, pager *runtime.Pager[P], next func(P) *string) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		seen := map[string]bool{}
		for pager.More() {
			page, err := pager.NextPage(ctx)
			if err != nil {
				yield(page, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			link := value(next(page))
			if link != "" && seen[link] {
				yield(page, fmt.Errorf("the list's pages lead in a circle, after %d of them", len(seen)))
				return
			}
			seen[link] = true
		}
	}
}
