// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

// services are the resource providers of the mock.
func services() []service {
	return []service{
		resourcesService(),
		managedIdentityService(),
		computeService(),
		authorizationService(),
		managementService(),
	}
}
