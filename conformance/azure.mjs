// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// The clients of the Azure SDK for JavaScript, set up as their documentation says for another Azure than the public one.

import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ManagedServiceIdentityClient } from '@azure/arm-msi';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import process from 'node:process';

const { AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, ARM_RESOURCE_MANAGER_ENDPOINT } = process.env;

export const tenantId = process.env.AZURE_TENANT_ID;
export const subscriptionId = process.env.AZURE_SUBSCRIPTION_ID;

/** The scope of tokens for Azure Resource Manager. */
export const armScope = 'https://management.azure.com/.default';

/** The owner of the subscription. */
export function operator() {
  return new ClientSecretCredential(tenantId, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, { disableInstanceDiscovery: true });
}

/** Clients of Azure Resource Manager with a credential. */
export function clients(credential) {
  const options = { endpoint: ARM_RESOURCE_MANAGER_ENDPOINT, credentialScopes: armScope };
  return {
    authorization: new AuthorizationManagementClient(credential, subscriptionId, options),
    compute: new ComputeManagementClient(credential, subscriptionId, options),
    identities: new ManagedServiceIdentityClient(credential, subscriptionId, options),
    resources: new ResourceManagementClient(credential, subscriptionId, options),
  };
}

/** The ID of something in the resource group DevTest. */
export function idInDevTest(type, name) {
  return `/subscriptions/${subscriptionId}/resourceGroups/DevTest/providers/${type}/${name}`;
}

/** The scope that is the resource group DevTest. */
export const devTest = `/subscriptions/${subscriptionId}/resourceGroups/DevTest`;

/** All items of a list. */
export async function all(list) {
  const items = [];
  for await (const item of list) {
    items.push(item);
  }
  return items;
}
