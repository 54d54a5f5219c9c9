// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Both tutorials, with Microsoft's own clients: an identity on a virtual machine reads its resource group.

import { ManagedIdentityCredential } from '@azure/identity';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { all, armScope, clients, devTest, idInDevTest, operator, subscriptionId, tenantId } from './azure.mjs';
import { control, underMockarm } from './mockarm.mjs';

underMockarm(import.meta.url, { options: ['--vm', 'vm-linux'] });

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const { authorization, compute, identities } = clients(operator());

async function grantReader(principalId) {
  const [reader] = await all(authorization.roleDefinitions.list(devTest, { filter: "roleName eq 'Reader'" }));
  return authorization.roleAssignments.create(devTest, randomUUID(), {
    principalId, principalType: 'ServicePrincipal', roleDefinitionId: reader.id,
  });
}

test('a user-assigned identity reads the resource group of its machine', async () => {
  const identity = await identities.userAssignedIdentities.createOrUpdate('DevTest', 'tutorial', { location: 'westus' });
  assert.match(identity.clientId, guid);
  assert.match(identity.principalId, guid);
  assert.deepEqual({ ...identity, clientId: '', principalId: '' }, {
    id: `/subscriptions/${subscriptionId}/resourcegroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/tutorial`,
    name: 'tutorial', type: 'Microsoft.ManagedIdentity/userAssignedIdentities', location: 'westus', tags: {},
    tenantId, clientId: '', principalId: '', isolationScope: 'None',
  });

  const onMachine = new ManagedIdentityCredential({ clientId: identity.clientId });
  await assert.rejects(onMachine.getToken(armScope), /Identity not found/);

  const poller = await compute.virtualMachines.beginUpdate('DevTest', 'vm-linux', {
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identity.id]: {} } },
  });
  const machine = await poller.pollUntilDone();
  assert.equal(machine.provisioningState, 'Succeeded');
  assert.deepEqual(machine.identity, {
    type: 'UserAssigned',
    principalId: undefined, tenantId: undefined,
    userAssignedIdentities: { [identity.id]: { clientId: identity.clientId, principalId: identity.principalId } },
  });

  const { resources } = clients(onMachine);
  await assert.rejects(resources.resourceGroups.get('DevTest'), { statusCode: 403, code: 'AuthorizationFailed' });
  const assignment = await grantReader(identity.principalId);
  assert.equal(assignment.scope, devTest);
  assert.equal(assignment.principalType, 'ServicePrincipal');

  assert.deepEqual(await resources.resourceGroups.get('DevTest'), {
    id: devTest, name: 'DevTest', type: 'Microsoft.Resources/resourceGroups', location: 'westus',
    properties: { provisioningState: 'Succeeded' },
  });
  await assert.rejects(resources.resourceGroups.createOrUpdate('DevTest', { location: 'westus' }), { statusCode: 403, code: 'AuthorizationFailed' });
  for (const choice of [{ resourceId: identity.id }, { objectId: identity.principalId }, {}]) {
    const token = await new ManagedIdentityCredential(choice).getToken('https://vault.azure.net/.default');
    const claims = JSON.parse(Buffer.from(token.token.split('.')[1], 'base64url'));
    assert.equal(claims.oid, identity.principalId, JSON.stringify(choice));
  }
});

test('the machine reads its resource group as itself', async () => {
  const before = await compute.virtualMachines.get('DevTest', 'vm-linux');
  const kept = before.identity.userAssignedIdentities;
  const updated = await compute.virtualMachines.beginUpdateAndWait('DevTest', 'vm-linux', { identity: { type: 'SystemAssigned, UserAssigned' } });
  assert.equal(updated.identity.type, 'SystemAssigned, UserAssigned');
  assert.deepEqual(updated.identity.userAssignedIdentities, kept, 'what is not named stays');

  const own = await identities.systemAssignedIdentities.getByScope(idInDevTest('Microsoft.Compute/virtualMachines', 'vm-linux'));
  assert.equal(own.principalId, updated.identity.principalId);
  await grantReader(own.principalId);

  // Another audience than above: MSAL keeps the tokens that a process was given without naming an identity.
  const token = await new ManagedIdentityCredential().getToken('https://management.core.windows.net/.default');
  const claims = JSON.parse(Buffer.from(token.token.split('.')[1], 'base64url'));
  assert.deepEqual([claims.oid, claims.appid, claims.tid], [own.principalId, own.clientId, tenantId]);
  const { resources } = clients({ getToken: async () => token });
  assert.equal((await resources.resourceGroups.get('DevTest')).id, devTest);

  const state = await control('state');
  assert.equal(state.virtualMachines[0].systemAssigned.principalId, own.principalId);
  assert.equal(state.virtualMachines[0].userAssigned.length, 1);
});
