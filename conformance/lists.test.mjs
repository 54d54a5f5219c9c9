// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Microsoft's own clients read lists to their end, filter them, and find what azurerm and the Azure CLI look up.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { all, clients, devTest, idInDevTest, operator, subscriptionId } from './azure.mjs';
import { underMockarm } from './mockarm.mjs';

const many = 1234; // More than there are on a page.

underMockarm(import.meta.url, {
  seed: () => ({
    tenants: [{ id: '11111111-1111-4111-8111-111111111111', displayName: 'Contoso' }],
    subscriptions: [{ id: '22222222-2222-4222-8222-222222222222' }],
    principals: [{ displayName: 'operator', objectId: '33333333-3333-4333-8333-333333333333', secret: 'a secret' }],
    resourceGroups: [{ name: 'DevTest', location: 'westus', tags: { stage: 'test' } }, { name: 'Other', location: 'westus' }],
    identities: Array.from({ length: many }, (_, i) => ({ resourceGroup: 'DevTest', name: `identity-${i}` })),
    virtualMachines: [{ resourceGroup: 'DevTest', name: 'vm' }],
    roleAssignments: [{ role: 'Owner', principal: '33333333-3333-4333-8333-333333333333', scope: '/subscriptions/22222222-2222-4222-8222-222222222222' }],
  }),
});

const { authorization, compute, identities, resources } = clients(operator());

test('a list is read to its last page', async () => {
  const pages = [];
  for await (const page of identities.userAssignedIdentities.listBySubscription().byPage()) {
    pages.push(page.length);
  }
  assert.deepEqual(pages, [1000, many - 1000]);
  const names = (await all(identities.userAssignedIdentities.listByResourceGroup('DevTest'))).map(({ name }) => name);
  assert.equal(new Set(names).size, many);
  assert.equal((await all(identities.userAssignedIdentities.listByResourceGroup('Other'))).length, 0);
});

test('federated credentials come on pages of the size that is asked for', async () => {
  for (const name of ['one', 'two', 'three']) {
    await identities.federatedIdentityCredentials.createOrUpdate('DevTest', 'identity-0', name,
      { issuer: 'https://issuer.example', subject: name, audiences: ['api://AzureADTokenExchange'] });
  }
  const pages = [];
  for await (const page of identities.federatedIdentityCredentials.list('DevTest', 'identity-0', { top: 2 }).byPage()) {
    pages.push(page.map(({ subject }) => subject));
  }
  assert.deepEqual(pages, [['one', 'three'], ['two']]);
});

test('role assignments are found by scope and principal', async () => {
  const { principalId } = await identities.userAssignedIdentities.get('DevTest', 'identity-1');
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`;
  const below = idInDevTest('Microsoft.Compute/virtualMachines', 'vm');
  for (const scope of [devTest, below]) {
    await authorization.roleAssignments.create(scope, randomUUID(), { principalId, principalType: 'ServicePrincipal', roleDefinitionId });
  }
  const scopes = async (filter) => (await all(authorization.roleAssignments.listForScope(devTest, { filter }))).map(({ scope }) => scope).sort();
  const subscription = `/subscriptions/${subscriptionId}`;
  assert.deepEqual(await scopes(), [subscription, devTest, below]);
  assert.deepEqual(await scopes('atScope()'), [subscription, devTest]);
  assert.deepEqual(await scopes(`principalId eq '${principalId}'`), [devTest, below]);
  assert.deepEqual(await scopes(`atScope() and assignedTo('${principalId}')`), [devTest]);
  await assert.rejects(scopes("roleName eq 'Reader'"), { statusCode: 400 });
});

test('role definitions are found by their name, whatever its case', async () => {
  const named = (filter) => all(authorization.roleDefinitions.list(devTest, { filter }));
  const [reader, ...more] = await named("roleName eq 'reader'");
  assert.equal(more.length, 0);
  assert.deepEqual([reader.roleName, reader.name, reader.permissions[0].actions], ['Reader', 'acdd72a7-3385-48ef-bd42-f606fba81ae7', ['*/read']]);
  assert.equal((await named("roleName eq 'Nobody''s'")).length, 0);
  assert.ok((await named("type eq 'BuiltInRole'")).length > 10);
  assert.equal((await named("type eq 'CustomRole'")).length, 0);
});

test('resource groups are found by tag, machines everywhere, providers with their API versions', async () => {
  assert.deepEqual((await all(resources.resourceGroups.list())).map(({ name }) => name), ['DevTest', 'Other']);
  assert.deepEqual((await all(resources.resourceGroups.list({ filter: "tagName eq 'stage' and tagValue eq 'test'" }))).map(({ name }) => name), ['DevTest']);
  assert.deepEqual((await all(compute.virtualMachines.listAll())).map(({ name }) => name), ['vm']);
  const provider = await resources.providers.get('Microsoft.ManagedIdentity');
  assert.equal(provider.registrationState, 'Registered');
  assert.ok(provider.resourceTypes.find(({ resourceType }) => resourceType === 'userAssignedIdentities').apiVersions.includes('2024-11-30'));
});

test('resources of every kind are in the lists of their group and subscription', async () => {
  const machines = await all(resources.resources.listByResourceGroup('DevTest', { filter: "resourceType eq 'Microsoft.Compute/virtualMachines'" }));
  assert.deepEqual(machines.map(({ name, type, location }) => ({ name, type, location })), [{ name: 'vm', type: 'Microsoft.Compute/virtualMachines', location: 'westus' }]);
  assert.equal((await all(resources.resources.list())).length, many + 1);
  assert.equal((await all(resources.resources.listByResourceGroup('Other', { top: 10 }))).length, 0);
});

test('a resource group is deleted with what is in it', async () => {
  await resources.resourceGroups.beginDeleteAndWait('DevTest');
  assert.equal((await all(identities.userAssignedIdentities.listBySubscription())).length, 0);
  assert.equal((await all(compute.virtualMachines.listAll())).length, 0);
});
