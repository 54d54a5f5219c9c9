// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package functions_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

func TestResourceIDsAreTakenApart(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	const (
		subscription = "8a6b7c1d-0000-4000-8000-00000000000a"
		group        = "/subscriptions/" + subscription + "/resourceGroups/DevTest"
		identity     = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	)
	nothing := prototest.Object{
		"subscription_id": "", "resource_group_name": "", "resource_name": "", "resource_provider": "", "resource_type": "",
		"full_resource_type": "", "resource_scope": "/", "parent_resources": prototest.Object{},
	}
	inGroup := nothing.With(prototest.Object{"subscription_id": subscription, "resource_group_name": "DevTest", "resource_scope": group})
	for id, want := range map[string]prototest.Object{
		"/": nothing,
		"/subscriptions/" + strings.ToUpper(subscription): nothing.With(prototest.Object{
			"subscription_id": subscription, "resource_name": subscription, "resource_provider": "Microsoft.Resources", "resource_type": "subscriptions",
			"full_resource_type": "Microsoft.Resources/subscriptions", "resource_scope": "/subscriptions/" + subscription,
		}),
		group: inGroup.With(prototest.Object{
			"resource_name": "DevTest", "resource_provider": "Microsoft.Resources", "resource_type": "resourceGroups", "full_resource_type": "Microsoft.Resources/resourceGroups",
		}),
		strings.Replace(identity, "Microsoft.ManagedIdentity/userAssignedIdentities", "microsoft.managedidentity/USERASSIGNEDIDENTITIES", 1): inGroup.With(prototest.Object{
			"resource_name": "id-reader", "resource_provider": "Microsoft.ManagedIdentity", "resource_type": "userAssignedIdentities",
			"full_resource_type": "Microsoft.ManagedIdentity/userAssignedIdentities",
		}),
		identity + "/federatedIdentityCredentials/github-main": inGroup.With(prototest.Object{
			"resource_name": "github-main", "resource_provider": "Microsoft.ManagedIdentity", "resource_type": "federatedIdentityCredentials",
			"full_resource_type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
			"parent_resources":   prototest.Object{"userAssignedIdentities": "id-reader"},
		}),
		identity + "/providers/Microsoft.Authorization/roleAssignments/g": inGroup.With(prototest.Object{
			"resource_name": "g", "resource_provider": "Microsoft.Authorization", "resource_type": "roleAssignments",
			"full_resource_type": "Microsoft.Authorization/roleAssignments", "resource_scope": identity,
		}),
	} {
		got, refusal := p.CallObject("parse_resource_id", id)
		if diff := cmp.Diff(want, got); diff != "" || refusal != "" {
			t.Errorf("%s: %s %s", id, refusal, diff)
		}
	}
	for id, want := range map[string]string{
		"":                                "is empty",
		"DevTest":                         "does not start with",
		group + "/virtualMachines/vm":     "is not valid",
		"/subscriptions/main":             "which is a GUID",
		identity + "?api-version=2024-01": "holds a character",
	} {
		if got, refusal := p.CallObject("parse_resource_id", id); got != nil || !strings.Contains(refusal, want) {
			t.Errorf("%q is %v, refused with %q", id, got, refusal)
		}
	}
}
