// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package federatedcredential is Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials in Terraform.
//
// All of its operations are synchronous. Azure takes one write at a time to the credentials of an identity, which the client
// sees to. Issuer, subject and audience are compared with case when a token is exchanged, so that no spelling is taken for
// another (Microsoft Learn: workload-identity-federation-considerations). In place of a subject there can be an expression
// on the claims, which a preview version of the API knows and no stable one does (Microsoft Learn:
// workload-identities-flexible-federated-identity-credentials).
package federatedcredential
