// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Renders the picture of the page that the guide shows: node screenshot.mjs FILE.

import process from 'node:process';
import { launch, serve, workspace } from './browser.mjs';

const subscription = '/subscriptions/22222222-2222-4222-8222-222222222222';
const deployer = `${subscription}/resourceGroups/Delivery/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deployer`;
const build = `${subscription}/resourceGroups/Delivery/providers/Microsoft.Compute/virtualMachines/vm-build`;
const operator = '44444444-4444-4444-8444-444444444444';

const seed = {
  tenants: [{ id: '11111111-1111-4111-8111-111111111111', displayName: 'Contoso' }],
  subscriptions: [{ id: '22222222-2222-4222-8222-222222222222', displayName: 'Production' }],
  principals: [{ displayName: 'pipeline', objectId: operator, secret: 'pipeline-secret' }],
  issuers: [{ name: 'github', url: 'https://token.actions.githubusercontent.com' }],
  resourceGroups: [{ name: 'Delivery', location: 'westeurope' }, { name: 'DevTest', location: 'westus' }],
  identities: [{ resourceGroup: 'Delivery', name: 'id-deployer', federatedIdentityCredentials: [
    { name: 'main', issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:contoso/shop:ref:refs/heads/main' }] }],
  virtualMachines: [{ resourceGroup: 'DevTest', name: 'vm-linux' }, { resourceGroup: 'Delivery', name: 'vm-build', systemAssigned: true }],
  roleAssignments: [
    { role: 'Owner', principal: operator, scope: subscription },
    { role: 'Contributor', principal: deployer, scope: `${subscription}/resourceGroups/Delivery` },
    { role: 'Reader', principal: build, scope: `${subscription}/resourceGroups/Delivery` },
  ],
  locks: [{ name: 'keep', scope: `${subscription}/resourceGroups/Delivery`, level: 'CanNotDelete' }],
};

const [file] = process.argv.slice(2);
const mock = await serve(seed, '--vm', 'vm-linux');
const browser = await launch();
try {
  const page = await browser.newPage({ ignoreHTTPSErrors: true, colorScheme: 'light', viewport: { width: 1280, height: 1000 } });
  await page.goto(mock.url);
  await page.getByLabel('in JSON').fill('{"method": "GET", "path": "**/resourceGroups/DevTest", "nth": 1, "status": 503, "retryAfter": "1s"}');
  await page.getByRole('button', { name: 'Add the fault' }).click();
  const grant = workspace(mock, 'tutorial-user-assigned/grant');
  await grant('apply', '-auto-approve', `-var=subscription_id=${mock.environment.ARM_SUBSCRIPTION_ID}`);
  await workspace(mock, 'tutorial-user-assigned/read')('apply', '-auto-approve', `-var=client_id=${(await grant('output', '-raw', 'client_id')).trim()}`);
  await page.locator('#log-rows tr').filter({ hasText: 'id-reader' }).filter({ has: page.getByRole('cell', { name: '200' }) }).waitFor();
  await page.locator('#picture').getByRole('button', { name: /^virtual machine vm-linux/ }).click();
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: file, animations: 'disabled' });
} finally {
  await browser.close();
  await mock.stop();
}
