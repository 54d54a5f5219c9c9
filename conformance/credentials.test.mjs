// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Every way in that @azure/identity has without a user: by secret, certificate, assertion, workload and machine.

import {
  ClientAssertionCredential, ClientCertificateCredential, ClientSecretCredential, DefaultAzureCredential,
  ManagedIdentityCredential, WorkloadIdentityCredential,
} from '@azure/identity';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { armScope, clients, devTest, subscriptionId, tenantId } from './azure.mjs';
import { control, underMockarm } from './mockarm.mjs';

const application = '77777777-7777-4777-8777-777777777777';
const issuer = 'https://token.actions.githubusercontent.com';
const subject = 'repo:octo-org/octo-repo:ref:refs/heads/main';
const [federated, attached] = ['88888888-8888-4888-8888-888888888881', '88888888-8888-4888-8888-888888888882'];

/** Makes a key and its certificate, in one file as the clients want them, and returns the certificate. */
function makeCertificate(directory, name) {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  writeFileSync(join(directory, `${name}.pem`), readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'));
  return readFileSync(certificate, 'utf8');
}

const directory = underMockarm(import.meta.url, {
  options: ['--vm', 'vm'],
  seed: (files) => {
    makeCertificate(files, 'stranger');
    const subscription = '22222222-2222-4222-8222-222222222222';
    const identity = (name) => `/subscriptions/${subscription}/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
    const principal = '66666666-6666-4666-8666-666666666666';
    return {
      tenants: [{ id: '11111111-1111-4111-8111-111111111111', displayName: 'Contoso' }],
      subscriptions: [{ id: subscription }],
      principals: [{ displayName: 'pipeline', objectId: principal, appId: application, secret: 'a secret', certificates: [makeCertificate(files, 'registered')] }],
      resourceGroups: [{ name: 'DevTest', location: 'westus' }],
      identities: [
        { resourceGroup: 'DevTest', name: 'federated', clientId: federated, federatedIdentityCredentials: [{ name: 'main', issuer, subject }] },
        { resourceGroup: 'DevTest', name: 'attached', clientId: attached },
      ],
      issuers: [{ name: 'github', url: issuer }],
      virtualMachines: [{ resourceGroup: 'DevTest', name: 'vm', userAssignedIdentities: [identity('attached')] }],
      roleAssignments: [principal, identity('federated'), identity('attached')].map((holder) => (
        { role: 'Reader', principal: holder, scope: `/subscriptions/${subscription}/resourceGroups/DevTest` })),
    };
  },
});

const options = { disableInstanceDiscovery: true };
const assertion = async (claims = { subject }) => (await control('issuers/github/token', claims)).token;
const withAssertion = (claims) => new ClientAssertionCredential(tenantId, federated, () => assertion(claims), options);

/** What a token says of its holder. */
const claimsOf = (token) => JSON.parse(Buffer.from(token.token.split('.')[1], 'base64url'));

/** Wants a login to be refused with a number of Microsoft Entra's. */
const refused = (credential, number) => assert.rejects(credential.getToken(armScope), (error) => {
  assert.deepEqual(error.errorResponse?.errorCodes ?? error.message.match(/AADSTS(\d+)/)?.slice(1).map(Number), [number], error.message);
  return true;
});

test('all of them read the resource group', async (t) => {
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, await assertion());
  const ways = {
    'a secret': new ClientSecretCredential(tenantId, application, 'a secret', options),
    'a certificate': new ClientCertificateCredential(tenantId, application, join(directory, 'registered.pem'), options),
    'an assertion': withAssertion(),
    'a workload identity': new WorkloadIdentityCredential({ tenantId, clientId: federated, tokenFilePath: tokenFile, ...options }),
    'a machine': new ManagedIdentityCredential({ clientId: attached }),
    'whatever there is': new DefaultAzureCredential({ managedIdentityClientId: attached, ...options }),
  };
  for (const [name, credential] of Object.entries(ways)) {
    await t.test(name, async () => {
      const claims = claimsOf(await credential.getToken(armScope));
      assert.equal(claims.aud, 'https://management.azure.com');
      assert.equal(claims.iss, `https://sts.windows.net/${tenantId}/`);
      assert.equal(claims.tid, tenantId);
      assert.equal(claims.idtyp, 'app');
      assert.equal((await clients(credential).resources.resourceGroups.get('DevTest')).id, devTest);
    });
  }
});

test('instance discovery finds the mock, too, for clients that leave it on', async () => {
  // A client that has it on asks login.microsoftonline.com; this is what it would be told by an authority of its own.
  const authorize = `${process.env.AZURE_AUTHORITY_HOST}/${tenantId}/oauth2/v2.0/authorize`;
  const response = await fetch(`${process.env.AZURE_AUTHORITY_HOST}/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(authorize)}`);
  const document = await response.json();
  assert.equal(document.tenant_discovery_endpoint, `${process.env.AZURE_AUTHORITY_HOST}/${tenantId}/v2.0/.well-known/openid-configuration`);
});

test('a login that is wrong is refused with the number of its mistake', async () => {
  await refused(new ClientSecretCredential(tenantId, application, 'a guess', options), 7000215);
  await refused(new ClientSecretCredential(tenantId, '99999999-9999-4999-8999-999999999999', 'a secret', options), 700016);
  await refused(new ClientCertificateCredential(tenantId, application, join(directory, 'stranger.pem'), options), 700027);
  await refused(withAssertion({ subject: 'repo:octo-org/octo-repo:ref:refs/heads/other' }), 700213);
  await refused(withAssertion({ subject: subject.toUpperCase() }), 7002138);
  await refused(withAssertion({ subject, audience: 'somebody' }), 700212);
  await refused(new ClientAssertionCredential(tenantId, attached, () => assertion(), options), 700211);
  await assert.rejects(new ClientSecretCredential(tenantId, application, 'a secret', options).getToken('https://nobody.example/.default'), /AADSTS500011/);
  await assert.rejects(new ClientSecretCredential('99999999-9999-4999-8999-999999999999', application, 'a secret', options).getToken(armScope), /AADSTS90002|endpoints_resolution_error/);
});

test('a token is good for its audience only', async () => {
  const token = await new ClientSecretCredential(tenantId, application, 'a secret', options).getToken('https://vault.azure.net/.default');
  const { resources } = clients({ getToken: async () => token });
  await assert.rejects(resources.resourceGroups.get('DevTest'), { statusCode: 401, code: 'InvalidAuthenticationTokenAudience' });
});

test('the metadata service refuses as that of a machine does', async () => {
  const ask = async (query, headers = { Metadata: 'true' }) => {
    const response = await fetch(`${process.env.ARM_MSI_ENDPOINT}${query}`, { headers });
    return { status: response.status, ...await response.json() };
  };
  const arm = '?api-version=2018-02-01&resource=https://management.azure.com/';
  assert.deepEqual(await ask(arm, {}), { status: 400, error: 'invalid_request', error_description: 'Required metadata header not specified' });
  assert.deepEqual(await ask(`${arm}&client_id=${federated}`), { status: 400, error: 'invalid_request', error_description: 'Identity not found' });
  assert.equal((await ask(arm, { Metadata: 'true', 'X-Forwarded-For': '10.0.0.1' })).status, 400);
  assert.equal((await ask('?resource=x')).error, 'Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds');
  assert.equal((await ask('?api-version=2018-02-01&resource=https://nobody.example')).error, 'invalid_resource');
  assert.equal((await ask(`${arm}&api-version=2018-02-01`)).status, 400);
  await assert.rejects(new ManagedIdentityCredential({ clientId: federated }).getToken(armScope), /Identity not found/);
});

test('a client that knows only 169.254.169.254 gets there by HTTP_PROXY', async () => {
  delete process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST;
  const token = await new ManagedIdentityCredential({ clientId: attached }).getToken('https://storage.azure.com/.default');
  assert.equal(claimsOf(token).appid, attached);
  assert.equal(claimsOf(token).xms_az_rid.toLowerCase(), `/subscriptions/${subscriptionId}/resourcegroups/devtest/providers/microsoft.compute/virtualmachines/vm`);
});
