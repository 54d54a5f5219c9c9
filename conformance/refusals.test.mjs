// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// What Azure refuses, Microsoft's own clients see refused, with Azure's status, code and words.

import { ManagedIdentityCredential } from '@azure/identity';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { clients, devTest, idInDevTest, operator, subscriptionId, tenantId } from './azure.mjs';
import { control, underMockarm } from './mockarm.mjs';

underMockarm(import.meta.url, { options: ['--vm', 'vm-linux'] });

const { authorization, compute, identities, resources } = clients(operator());
const reader = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`;
const machineId = idInDevTest('Microsoft.Compute/virtualMachines', 'vm-linux');
const unknown = '99999999-9999-4999-8999-999999999999';

const makeIdentity = (name, location = 'westus') => identities.userAssignedIdentities.createOrUpdate('DevTest', name, { location });
const patch = (identity, options) => compute.virtualMachines.beginUpdate('DevTest', 'vm-linux', { identity }, options);
const assign = (properties, name = randomUUID(), scope = devTest) =>
  authorization.roleAssignments.create(scope, name, { roleDefinitionId: reader, ...properties });

/** Wants a request to be refused. The message is the whole of it, without what names the error. */
async function refused(request, statusCode, code, message) {
  await assert.rejects(request, (error) => {
    const told = error.details?.error ?? error; // The newer clients take the envelope apart.
    assert.deepEqual({ statusCode: error.statusCode, code: error.code, message: told.message }, { statusCode, code, message });
    return true;
  });
}

test('what is not there is missed at its own level', async () => {
  await refused(resources.resourceGroups.get('Nowhere'), 404, 'ResourceGroupNotFound', "Resource group 'Nowhere' could not be found.");
  await refused(identities.userAssignedIdentities.get('Nowhere', 'one'), 404, 'ResourceGroupNotFound', "Resource group 'Nowhere' could not be found.");
  await refused(identities.userAssignedIdentities.get('DevTest', 'nobody'), 404, 'ResourceNotFound',
    "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/nobody' under resource group 'DevTest' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
  await refused(compute.virtualMachines.get('DevTest', 'vm-9'), 404, 'ResourceNotFound',
    "The Resource 'Microsoft.Compute/virtualMachines/vm-9' under resource group 'DevTest' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
  await refused(identities.federatedIdentityCredentials.get('DevTest', 'nobody', 'main'), 404, 'ParentResourceNotFound',
    "Can not perform requested operation on nested resource. Parent resource 'nobody' not found.");
  await refused(authorization.roleAssignments.get(devTest, unknown), 404, 'RoleAssignmentNotFound', `The role assignment '${unknown}' is not found.`);
  await refused(authorization.roleDefinitions.get(devTest, unknown), 404, 'RoleDefinitionDoesNotExist',
    'The specified role definition with ID \'99999999999949998999999999999999\' does not exist.');
  const elsewhere = `/subscriptions/${unknown}/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachines/vm`;
  await refused(identities.systemAssignedIdentities.getByScope(elsewhere), 404, 'SubscriptionNotFound', `The subscription '${unknown}' could not be found.`);
  assert.equal((await resources.resourceGroups.checkExistence('Nowhere')).body, false);
});

test('an API version that does not exist names those that do', async () => {
  await assert.rejects(resources.resources.getById(idInDevTest('Microsoft.ManagedIdentity/userAssignedIdentities', 'x'), '2020-01-01'), (error) => {
    assert.equal(error.code, 'NoRegisteredProviderFound');
    assert.match(error.message, /^No registered resource provider found for location 'westus' and API version '2020-01-01' for type 'userAssignedIdentities'\. The supported api-versions are '2015-08-31-preview, 2018-11-30, /);
    return true;
  });
  await assert.rejects(resources.resources.getById(devTest, 'latest'), { statusCode: 400, code: 'InvalidApiVersionParameter' });
});

test('who may not is told what, where and as whom', async () => {
  await makeIdentity('stranger').then((identity) => compute.virtualMachines.beginUpdateAndWait('DevTest', 'vm-linux', {
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identity.id]: {} } },
  }));
  const { clientId, principalId } = await identities.userAssignedIdentities.get('DevTest', 'stranger');
  const stranger = clients(new ManagedIdentityCredential({ clientId }));
  const words = (action, scope) => `The client '${clientId}' with object id '${principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  await refused(stranger.resources.resourceGroups.createOrUpdate('DevTest', { location: 'westus' }), 403, 'AuthorizationFailed',
    words('Microsoft.Resources/subscriptions/resourcegroups/write', `/subscriptions/${subscriptionId}/resourcegroups/DevTest`));
  await refused(stranger.identities.userAssignedIdentities.get('DevTest', 'not-there-either'), 403, 'AuthorizationFailed',
    words('Microsoft.ManagedIdentity/userAssignedIdentities/read', idInDevTest('Microsoft.ManagedIdentity/userAssignedIdentities', 'not-there-either')));

  const contributor = reader.replace('acdd72a7-3385-48ef-bd42-f606fba81ae7', '9980e02c-c2be-4d73-94e8-173b1dc7cf3c');
  await assign({ principalId, principalType: 'ServicePrincipal', roleDefinitionId: contributor });
  const other = await makeIdentity('not-to-be-assigned');
  await refused(stranger.compute.virtualMachines.beginUpdate('DevTest', 'vm-linux', {
    identity: { type: 'UserAssigned', userAssignedIdentities: { [other.id]: {} } },
  }), 403, 'LinkedAuthorizationFailed', `The client '${clientId}' with object id '${principalId}' has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope '${machineId}'; however, it does not have permission to perform action 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s) '${other.id}' or the linked scope(s) are invalid.`);
});

test('a role is given once, to a principal that there is', async () => {
  const { principalId } = await makeIdentity('twice');
  const name = randomUUID();
  await assign({ principalId, principalType: 'ServicePrincipal' }, name);
  const again = await assign({ principalId, principalType: 'ServicePrincipal' }, name);
  assert.equal(again.name, name, 'the same request is no other one');
  await refused(assign({ principalId, principalType: 'ServicePrincipal' }), 409, 'RoleAssignmentExists',
    `The role assignment already exists. The ID of the existing role assignment is ${name.replaceAll('-', '')}.`);
  await refused(assign({ principalId, principalType: 'ServicePrincipal', roleDefinitionId: reader.replace(/acdd.*/, 'b24988ac-6180-42a0-ab88-20f7382dd24c') }, name),
    400, 'RoleAssignmentUpdateNotPermitted', 'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.');
  await refused(assign({ principalId: unknown }), 400, 'PrincipalNotFound',
    `Principal 99999999999949998999999999999999 does not exist in the directory ${tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`);
  await refused(assign({ principalId, principalType: 'User' }, undefined, machineId), 400, 'UnmatchedPrincipalType',
    `The PrincipalId '${principalId.replaceAll('-', '')}' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'.`);
  assert.equal((await authorization.roleAssignments.delete(devTest, name)).name, name);
  assert.equal((await authorization.roleAssignments.delete(devTest, name)).name, undefined, 'deleting what is gone succeeds');
});

test('one write of a machine at a time, and of the version that it has', async () => {
  const identity = await makeIdentity('waits');
  const attach = { type: 'UserAssigned', userAssignedIdentities: { [identity.id]: {} } };
  const first = await patch(attach);
  await refused(patch(attach), 409, 'ConflictingConcurrentWriteNotAllowed',
    'The operation was interrupted by a conflicting concurrent write on the same entity. Please retry later.');
  const { etag } = await first.pollUntilDone();
  await refused(patch(attach, { ifMatch: '"0"' }), 412, 'PreconditionFailed',
    `Etag provided in if-match header "0" does not match etag ${etag} of resource.`);
  await (await patch(attach, { ifMatch: etag })).pollUntilDone();
});

test('an identity that is not there fails the whole write, and the machine stays as it is', async () => {
  const identity = await makeIdentity('innocent');
  const missing = identity.id.replace('innocent', 'missing');
  const before = await compute.virtualMachines.get('DevTest', 'vm-linux');
  await refused(patch({ type: 'UserAssigned', userAssignedIdentities: { [identity.id]: {}, [missing]: {} } }), 400, 'FailedIdentityOperation',
    `Identity operation for resource '${machineId}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"Resource '${missing}' was not found."}}'.'.`);
  await refused(patch({ type: 'SystemAssigned', userAssignedIdentities: { [identity.id]: {} } }), 400, 'InvalidParameter',
    'ResourceIdentity identityIds should not be provided if the type is "SystemAssigned".');
  await refused(patch({ userAssignedIdentities: {} }), 400, 'InvalidRequestContent',
    "The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'.");
  assert.deepEqual(await compute.virtualMachines.get('DevTest', 'vm-linux'), before);
});

test('an operation that fails later fails the poller, with the code of the operation', async () => {
  const identity = await makeIdentity('fails-later');
  await control('faults', [{ kind: 'arm', method: 'PATCH', path: '**/virtualMachines/vm-linux', operation: 'Failed', code: 'FailedIdentityOperation', count: 1 }]);
  const poller = await patch({ type: 'UserAssigned', userAssignedIdentities: { [identity.id]: {} } });
  await assert.rejects(poller.pollUntilDone(), /FailedIdentityOperation/);
});

test('a resource is deleted twice, and stays where it was made', async () => {
  await makeIdentity('mover');
  await refused(makeIdentity('mover', 'eastus'), 409, 'InvalidResourceLocation',
    "The resource 'mover' already exists in location 'westus' in resource group 'DevTest'. A resource with the same name cannot be created in location 'eastus'. Please select a new resource name.");
  const statuses = [];
  for (let i = 0; i < 2; i++) {
    await identities.userAssignedIdentities.delete('DevTest', 'mover', { onResponse: ({ status }) => statuses.push(status) });
  }
  assert.deepEqual(statuses, [200, 204]);
});

test('credentials of outside issuers keep to the rules', async () => {
  await makeIdentity('federated');
  const put = (name, subject, audiences = ['api://AzureADTokenExchange']) => identities.federatedIdentityCredentials.createOrUpdate(
    'DevTest', 'federated', name, { issuer: 'https://token.actions.githubusercontent.com', subject, audiences });
  const made = await put('main', 'repo:o/r:ref:refs/heads/main');
  assert.deepEqual(made, {
    id: `/subscriptions/${subscriptionId}/resourcegroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/federated/federatedIdentityCredentials/main`,
    name: 'main', type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials',
    issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:o/r:ref:refs/heads/main', audiences: ['api://AzureADTokenExchange'],
  });
  await refused(put('twin', 'repo:o/r:ref:refs/heads/main'), 400, 'BadRequest', 'Issuer and subject combination already exists for this Managed Identity.');
  await refused(put('many', 'x', ['a', 'b']), 400, 'BadRequest', 'Federated identity credentials must have exactly one audience.');
  await refused(put('n_', 'x'), 400, 'BadRequest', "Federated Identity Credential name 'n_' is invalid.");
  const [won, lost] = await Promise.allSettled([put('first', 'first'), put('second', 'second')]);
  const { reason } = won.status === 'rejected' ? won : lost;
  assert.equal(reason?.statusCode, 409, 'two at a time are too many');
});
