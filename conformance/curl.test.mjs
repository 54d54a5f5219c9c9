// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// The tutorials' own lines of curl, with the hosts that they name.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import process from 'node:process';
import test from 'node:test';
import { promisify } from 'node:util';
import { devTest, subscriptionId } from './azure.mjs';
import { control, program, underMockarm } from './mockarm.mjs';

const group = '/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/DevTest';
const clientId = '88888888-8888-4888-8888-888888888888';
const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/tutorial`;

underMockarm(import.meta.url, {
  options: ['--public-hosts', '--vm', 'vm-linux'],
  seed: () => ({
    tenants: [{ id: '11111111-1111-4111-8111-111111111111', displayName: 'Contoso' }],
    subscriptions: [{ id: '22222222-2222-4222-8222-222222222222' }],
    principals: [{ displayName: 'operator', secret: 'a secret' }],
    resourceGroups: [{ name: 'DevTest', location: 'westus' }],
    identities: [{ resourceGroup: 'DevTest', name: 'tutorial', clientId }],
    virtualMachines: [{ resourceGroup: 'DevTest', name: 'vm-linux', systemAssigned: true, userAssignedIdentities: [identity] }],
    roleAssignments: [{ role: 'Reader', principal: identity, scope: group }],
  }),
});

const run = promisify(execFile);

/** Runs a line in a shell. */
async function sh(line, environment = {}) {
  const { stdout } = await run('sh', ['-c', line], { env: { ...process.env, ...environment } });
  return stdout;
}

/** The status that curl is answered. */
const statusOf = (line) => sh(`curl -s -o /dev/null -w '%{http_code}' ${line}`);

test('the lines of the tutorial print the JSON of the tutorial', async () => {
  const token = JSON.parse(await sh(`curl -s -H Metadata:true "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com/&client_id=${clientId}"`));
  for (const name of ['expires_in', 'expires_on', 'ext_expires_in', 'not_before']) {
    assert.match(token[name], /^\d+$/, name);
    token[name] = '';
  }
  assert.equal(JSON.parse(Buffer.from(token.access_token.split('.')[1], 'base64url')).appid, clientId);
  // The service has ceased to send an empty refresh_token, which the tutorial still shows.
  assert.deepEqual({ refresh_token: '', ...token, access_token: '' }, {
    access_token: '', refresh_token: '', client_id: clientId, expires_in: '', expires_on: '', ext_expires_in: '', not_before: '',
    resource: 'https://management.azure.com/', token_type: 'Bearer',
  });

  const answer = await sh(`curl -s https://management.azure.com/subscriptions/${subscriptionId}/resourceGroups/DevTest?api-version=2016-09-01 -H "Authorization: Bearer ${token.access_token}"`);
  assert.deepEqual(JSON.parse(answer), { id: devTest, name: 'DevTest', location: 'westus', properties: { provisioningState: 'Succeeded' } });
});

test('without a client ID the machine is itself, and has no role yet', async () => {
  const token = JSON.parse(await sh("curl -s 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/' -H Metadata:true"));
  const { error } = JSON.parse(await sh(`curl -s https://management.azure.com${devTest}?api-version=2016-09-01 -H "Authorization: Bearer ${token.access_token}"`));
  assert.equal(error.code, 'AuthorizationFailed');
  const { virtualMachines } = await control('state');
  assert.ok(error.message.includes(`with object id '${virtualMachines[0].systemAssigned.principalId}'`), error.message);
});

test('each public host has what it has in Azure', async () => {
  const { ARM_TENANT_ID, ARM_CLIENT_ID, ARM_CLIENT_SECRET } = process.env;
  const login = `-d grant_type=client_credentials -d client_id=${ARM_CLIENT_ID} -d 'client_secret=${ARM_CLIENT_SECRET}' -d scope=https://management.azure.com/.default`;
  assert.equal(await statusOf(`https://login.microsoftonline.com/${ARM_TENANT_ID}/oauth2/v2.0/token ${login}`), '200');
  assert.equal(await statusOf(`https://management.azure.com/${ARM_TENANT_ID}/oauth2/v2.0/token ${login}`), '404');
  assert.equal(await statusOf(`https://login.microsoftonline.com${devTest}?api-version=2016-09-01`), '404');
  assert.equal(await statusOf('https://graph.microsoft.com/v1.0/me'), '404');
  assert.equal(await statusOf('https://management.azure.com/_mock/state'), '403');
  const cloud = JSON.parse(await sh('curl -s "https://management.azure.com/metadata/endpoints?api-version=2022-09-01"'));
  assert.deepEqual([cloud.name, cloud.authentication.loginEndpoint, cloud.resourceManager, cloud.microsoftGraphResourceId],
    ['AzureCloud', 'https://login.microsoftonline.com', 'https://management.azure.com/', 'https://graph.microsoft.com/']);
});

test('plain HTTP to anybody else is refused, and says why', async () => {
  const answer = await sh('curl -s -w "%{http_code}" http://example.com/');
  assert.match(answer, /this proxy answers for http:\/\/169\.254\.169\.254 only; add example\.com to NO_PROXY[^]*403$/);
});

test('a proxy of the user is still the way to everybody else', async (t) => {
  const asked = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('passed on');
  });
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise((listens) => proxy.listen(0, '127.0.0.1', listens));
  t.after(() => proxy.close());
  const url = `http://127.0.0.1:${proxy.address().port}`;
  const users = { HTTP_PROXY: url, http_proxy: url, HTTPS_PROXY: url, https_proxy: url, NO_PROXY: '', no_proxy: '' };
  const inside = (line) => sh(`"${program}" exec --public-hosts --vm vm-linux -- ${line}`, users);

  assert.equal(await inside('curl -s http://example.com/a'), 'passed on');
  await assert.rejects(inside('curl -s https://example.com/'));
  assert.match(await inside('curl -s "https://management.azure.com/subscriptions"'), /MissingApiVersionParameter|AuthenticationFailed/);
  assert.match(await inside('curl -s -H Metadata:true "http://169.254.169.254/metadata/identity/info?api-version=2018-02-01"'), /tenantId/);
  assert.deepEqual(asked, ['GET http://example.com/a', 'CONNECT example.com:443']);
});
