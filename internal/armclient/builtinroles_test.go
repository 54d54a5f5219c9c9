// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestBuiltInRolesAreThoseOfAzure(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	scope := armid.Subscription(mockarm.DefaultSubscriptionID)
	for guid, name := range builtInRoles {
		if got, err := c.RoleGUID(t.Context(), scope, strings.ToUpper(name)); err != nil || got != guid {
			t.Errorf("%s has the GUID %s: %v", name, got, err)
		}
		if got, err := c.RoleName(t.Context(), scope, strings.ToUpper(guid)); err != nil || got != name {
			t.Errorf("%s has the name %s: %v", guid, got, err)
		}
	}
	if got := w.seen(); len(got) > 0 {
		t.Errorf("what is known was asked for: %q", got)
	}
	for guid, name := range builtInRoles {
		if role, err := c.RoleByGUID(t.Context(), scope, guid); err != nil || role.Name != name {
			t.Errorf("Azure calls %s %q: %v", guid, role.Name, err)
		}
	}
	for name := range privilegedRoles {
		if guid, err := c.RoleGUID(t.Context(), scope, name); err != nil || PrivilegedRole(scope, guid) != name || PrivilegedRole(devTest, guid) != "" {
			t.Errorf("%s is privileged as %q: %v", name, PrivilegedRole(scope, guid), err)
		}
	}
}
