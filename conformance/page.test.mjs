// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// The page of the control plane in a real browser, while a real engine changes the world.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, serve, workspace } from './browser.mjs';

const subscription = '/subscriptions/22222222-2222-4222-8222-222222222222';
const group = `${subscription}/resourceGroups/DevTest`;
const machine = `${group}/providers/Microsoft.Compute/virtualMachines/vm-linux`;
const identityID = (name) => `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

/** The world of the tutorials, with more in it. */
const seed = (more = {}) => ({
  tenants: [{ id: '11111111-1111-4111-8111-111111111111', displayName: 'Contoso' }],
  subscriptions: [{ id: '22222222-2222-4222-8222-222222222222', displayName: 'Production' }],
  principals: [{ displayName: 'operator', objectId: '44444444-4444-4444-8444-444444444444', secret: 'operator-secret' }, ...(more.principals ?? [])],
  resourceGroups: [{ name: 'DevTest', location: 'westus', tags: more.tags }],
  identities: more.identities ?? [],
  virtualMachines: [{ resourceGroup: 'DevTest', name: 'vm-linux', systemAssigned: true, userAssignedIdentities: more.attached }],
  roleAssignments: [{ role: 'Owner', principal: '44444444-4444-4444-8444-444444444444', scope: subscription }, ...(more.roleAssignments ?? [])],
  locks: more.locks ?? [],
});

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/**
 * Opens the page of a mock of its own. Whatever the browser complains of, or loads from elsewhere, fails the test.
 *
 * @param {object} world the seed of the mock
 * @param {{ mock?: string[], context?: object, prepare?: Function, expected?: RegExp }} options of the mock and of the browser's
 *   context, what to do before the page is loaded, and what the browser may complain of
 */
async function visit(t, world, { mock: flags = [], context: settings = {}, prepare, expected } = {}) {
  const mock = await serve(world, ...flags);
  t.after(() => mock.stop());
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 }, ...settings });
  const page = await context.newPage();
  const wrong = [];
  const complain = (text) => expected?.test(text) || wrong.push(text);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(message.text()));
  page.on('pageerror', (error) => complain(error.stack));
  page.on('dialog', (dialog) => complain(`a dialog: ${dialog.message()}`));
  page.on('request', (request) => request.url().startsWith(mock.url) || complain(`a request to ${request.url()}`));
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`refused: ${event.violatedDirective}`)));
  const { stop } = mock;
  mock.stop = async () => {
    await context.close();
    await stop();
    assert.deepEqual(wrong, []);
  };
  await prepare?.(page, mock);
  await page.goto(mock.url);
  await page.getByText('live', { exact: true }).waitFor();
  return { mock, page };
}

/** A client of ARM, logged in as the operator; it gives the status. */
async function operator(page, { environment }) {
  const { MOCKARM_URL: url, ARM_TENANT_ID: tenant, ARM_CLIENT_ID: id, ARM_CLIENT_SECRET: secret } = environment;
  const login = await page.request.post(`${url}/${tenant}/oauth2/v2.0/token`, {
    form: { grant_type: 'client_credentials', client_id: id, client_secret: secret, scope: 'https://management.azure.com/.default' },
  });
  const { access_token: token } = await login.json();
  return async (method, path) => {
    const answer = await page.request.fetch(url + path, { method, headers: { Authorization: `Bearer ${token}` } });
    return answer.status();
  };
}

const shown = (locator) => locator.first().waitFor({ state: 'attached' });
const gone = (locator) => locator.first().waitFor({ state: 'detached' });
const button = (page, name) => page.locator('#picture').getByRole('button', { name });
const line = (page, kind, words) => page.locator(`#picture .line.${kind}`, { has: page.locator('title', { hasText: words }) });
const row = (page, table, ...cells) => cells.reduce(
  (rows, cell) => rows.filter({ has: page.getByRole('cell', { name: cell, exact: true }) }), page.getByRole('table', { name: table }).getByRole('row'));

test('an apply shows in picture, tables and log, and a destroy takes it away again', async (t) => {
  const { mock, page } = await visit(t, seed(), { mock: ['--vm', 'vm-linux'] });
  const engine = workspace(mock, 'tutorial-user-assigned/grant');
  const variables = ['-auto-approve', '-no-color', `-var=subscription_id=${mock.environment.ARM_SUBSCRIPTION_ID}`];
  await shown(button(page, /^virtual machine vm-linux/));
  assert.equal(await button(page, /id-reader/).count(), 0);

  await engine('apply', ...variables);
  await shown(button(page, /^user-assigned identity id-reader/));
  await shown(line(page, 'attached', 'id-reader is attached to vm-linux'));
  await shown(line(page, 'mayDo', 'id-reader is Reader at resource group DevTest'));
  await shown(button(page, 'Roles at resource group DevTest: Reader'));
  await shown(row(page, 'Who is attached where', 'id-reader', 'user-assigned identity', 'virtual machine vm-linux', 'in force'));
  await shown(row(page, 'Who may do what', 'user-assigned identity id-reader', 'Reader', 'resource group DevTest'));
  await shown(row(page, 'Requests', 'ARM', 'PATCH', '200', 'operator').filter({ hasText: 'virtualMachines/vm-linux' }));
  await shown(row(page, 'Requests', 'ARM', 'PUT', '201', 'operator').filter({ hasText: 'roleAssignments/' }));
  await shown(row(page, 'Requests', 'Entra', 'POST', '200', 'operator'));

  // On the machine, its identity reads the group.
  const reader = workspace(mock, 'tutorial-user-assigned/read');
  await reader('apply', '-auto-approve', `-var=client_id=${(await engine('output', '-raw', 'client_id')).trim()}`);
  await shown(row(page, 'Requests', 'IMDS', 'GET', '200', 'vm-linux'));
  await shown(row(page, 'Requests', 'ARM', 'GET', '200', 'id-reader'));

  await button(page, /^virtual machine vm-linux/).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await shown(details.getByRole('button', { name: 'user-assigned identity id-reader' }));
  await shown(details.getByRole('listitem').filter({ hasText: 'Reader at resource group DevTest as id-reader' }));

  await engine('destroy', ...variables);
  await gone(button(page, /id-reader/));
  await gone(line(page, 'attached', 'id-reader'));
  await gone(line(page, 'mayDo', 'id-reader'));
  await gone(page.getByRole('table', { name: 'Who is attached where' }).getByText('id-reader'));
  await gone(page.getByRole('table', { name: 'Who may do what' }).getByText('id-reader'));
  await gone(details.getByText('id-reader'));
});

test('markup in names and tags stays text', async (t) => {
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const { mock, page } = await visit(t, seed({
    principals: [{ displayName: markup, kind: 'Group', objectId: '66666666-6666-4666-8666-666666666666' }],
    tags: { owner: markup },
    roleAssignments: [{ role: 'Reader', principal: '66666666-6666-4666-8666-666666666666', scope: group, description: markup }],
    locks: [{ name: 'lock', scope: group, level: 'CanNotDelete', notes: markup }],
  }));
  await button(page, `group ${markup}`).click();
  await shown(page.locator('#details h3').getByText(markup));
  await button(page, /^resource group DevTest, locked: CanNotDelete/).click();
  await shown(page.locator('#details').getByText(`owner = ${markup}`));
  await shown(page.locator('#details .lock').getByText(markup));
  await shown(page.locator('#mayDo-table').getByText(markup).nth(1));
  await page.request.get(`${mock.environment.MOCKARM_URL}/tenants?q=${encodeURIComponent('<b>bold</b>')}`);
  await shown(page.locator('#log-rows tr'));
  await page.getByLabel('Show only').fill(markup);
  assert.equal(await page.locator('img, #log b, script:not([src])').count(), 0);
  assert.equal(await page.title(), 'mockarm');
});

test('what is dead or orphaned is marked in words', async (t) => {
  const reader = { resourceGroup: 'DevTest', name: 'reader' };
  const { mock, page } = await visit(t, seed({
    identities: [reader], attached: [identityID('reader')], roleAssignments: [{ role: 'Reader', principal: identityID('reader'), scope: group }],
  }));
  await shown(row(page, 'Who is attached where', 'reader', 'in force'));
  const ask = await operator(page, mock);
  assert.equal(await ask('DELETE', `${identityID('reader')}?api-version=2024-11-30`), 200);
  await shown(row(page, 'Who is attached where', 'reader', 'dead: the identity was deleted since'));
  await shown(row(page, 'Who may do what', 'Reader', 'orphan: not in the directory'));
  await shown(line(page, 'broken', 'reader is attached to vm-linux, but dead'));
  await shown(line(page, 'broken', 'is not in the directory any more'));
  await shown(button(page, /^virtual machine vm-linux, 1 dead/));
});

test('faults and throttling are seen in the log', async (t) => {
  const { mock, page } = await visit(t, seed(), { mock: ['--throttle'], expected: /status of 400/ });
  await shown(page.getByText('Nothing goes wrong on purpose.'));
  await page.getByLabel('A fault to add').selectOption({ label: 'The answer to the next read is cut short' });
  assert.deepEqual(JSON.parse(await page.getByLabel('in JSON').inputValue()), { kind: 'arm', method: 'GET', count: 1, truncate: true });
  await page.getByLabel('in JSON').fill('{"kind": "arm", "status": 429, "retryAfter": "7s", "nth": 1}');
  await page.getByRole('button', { name: 'Add the fault' }).click();
  await shown(page.getByText('The fault is in force.'));
  const ask = await operator(page, mock);
  assert.equal(await ask('GET', `${group}?api-version=2022-09-01`), 429);
  const log = page.getByRole('table', { name: 'Requests' });
  await shown(log.getByText('fault: answered with 429 TooManyRequests'));
  await shown(page.locator('#fault-list').getByText('struck 1 of 1 time'));

  let status = 200;
  while (status === 200) { // until the bucket of reads is empty
    status = await ask('GET', `${group}?api-version=2022-09-01`);
  }
  assert.equal(status, 429);
  await page.locator('#log-outcome').selectOption('were throttled (429)');
  await shown(log.getByText('throttled', { exact: true }));
  await page.locator('#log-outcome').selectOption('were struck by a fault');
  await shown(page.getByText(/^1 of [\d,]+ requests$/));
  await page.locator('#log-outcome').selectOption('ended in any way');
  await page.locator('#log-kind').selectOption('Entra');
  await shown(page.getByText(/^1 of [\d,]+ requests$/));

  await page.getByLabel('in JSON').fill('{"statuss": 1}');
  await page.getByRole('button', { name: 'Add the fault' }).click();
  await shown(page.getByText(/unknown field "statuss"/));
  await page.getByRole('button', { name: 'Clear all faults' }).click();
  await shown(page.getByText('Nothing goes wrong on purpose.'));
});

test('a reset asks first, and brings the beginning back', async (t) => {
  const { mock, page } = await visit(t, seed({ identities: [{ resourceGroup: 'DevTest', name: 'reader' }] }));
  const ask = await operator(page, mock);
  assert.equal(await ask('DELETE', `${identityID('reader')}?api-version=2024-11-30`), 200);
  await gone(button(page, /identity reader/));
  await shown(page.locator('#log-rows tr'));
  const question = page.getByRole('dialog', { name: 'Reset the world?' });
  await page.getByRole('button', { name: 'Reset the world…' }).click();
  await question.getByRole('button', { name: 'Keep it' }).click();
  assert.equal(await button(page, /identity reader/).count(), 0);
  await page.getByRole('button', { name: 'Reset the world…' }).click();
  await question.getByRole('button', { name: 'Reset', exact: true }).click();
  await shown(button(page, /identity reader/));
  await gone(page.locator('#log-rows tr'));
});

test('the page asks for what is new only, and for nothing while it is paused or hidden', async (t) => {
  const asked = [];
  const { mock, page } = await visit(t, seed(), {
    prepare: async (page, mock) => {
      await page.clock.install();
      page.on('response', (response) => asked.push(`${response.status()} ${response.url().slice(mock.url.length)}`));
    },
  });
  const ask = await operator(page, mock);
  // One look at the mock, which ends with the state.
  const look = async () => {
    asked.length = 0;
    while (!asked.some((each) => each.endsWith('state'))) {
      await page.clock.runFor(500);
    }
    return asked.splice(0);
  };
  await look();
  assert.equal(await ask('GET', `${group}?api-version=2022-09-01`), 200);
  await look();
  await look();
  assert.deepEqual(await look(), ['200 requests?after=2', '200 faults', '304 state']);

  await page.getByRole('button', { name: 'Pause' }).click();
  await look();
  assert.deepEqual(await look(), ['200 faults', '304 state']);
  await page.getByRole('button', { name: 'Resume' }).click();
  await look();

  await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true, configurable: true }));
  await page.clock.runFor(2_000);
  asked.length = 0;
  for (let i = 0; i < 10; i++) {
    await page.clock.runFor(10_000);
  }
  assert.deepEqual(asked, []);
  await page.evaluate(() => delete document.hidden);
  assert.deepEqual(await look(), ['200 requests?after=2', '200 faults', '304 state']);
});

test('hundreds of objects are drawn in a summary, which the filter opens', async (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `reader-${i}`);
  const { mock, page } = await visit(t, seed({
    identities: names.map((name) => ({ resourceGroup: 'DevTest', name, tags: { number: name } })), attached: names.slice(0, 30).map(identityID),
    roleAssignments: names.map((name, i) => ({ role: ['Reader', 'Contributor'][i % 2], principal: identityID(name), scope: [subscription, group, machine][i % 3] })),
  }));
  await assertApart(page);
  assert.ok(await page.locator('#picture [role="button"]').count() < 80);
  await button(page, /^\d+ more principals$/).click();
  await shown(page.locator('#details').getByRole('button', { name: 'user-assigned identity reader-299' }));
  await page.getByLabel('Show only').fill('number=reader-29');
  await shown(button(page, /^user-assigned identity reader-29, 1 attached/));
  await shown(button(page, /^user-assigned identity reader-299/));
  await shown(button(page, /^virtual machine vm-linux/));
  await gone(button(page, /identity reader-28$/));
  await assertApart(page);
});

/** Objects stand beside each other, and no line runs through one of them. */
async function assertApart(page) {
  const { boxes, points } = await page.evaluate(() => ({
    boxes: [...document.querySelectorAll('#picture .box:not(.own)')].map((box) => {
      const { x, y, width, height } = box.getBBox();
      return { left: x, top: y, right: x + width, bottom: y + height };
    }),
    points: [...document.querySelectorAll('#picture .line > path')].flatMap((path) =>
      Array.from({ length: Math.floor(path.getTotalLength() / 4) }, (_, i) => path.getPointAtLength(i * 4)).map(({ x, y }) => ({ x, y }))),
  }));
  assert.ok(boxes.length > 5 && points.length > 100, `${boxes.length} objects and ${points.length} points of lines`);
  for (const [i, a] of boxes.entries()) {
    assert.ok(boxes.every((b, j) => i === j || a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top), 'objects stand on each other');
    assert.ok(points.every(({ x, y }) => x < a.left + 1 || x > a.right - 1 || y < a.top + 1 || y > a.bottom - 1 ||
      // Those of a machine's own identity begin inside of it.
      x > a.right - 12), 'a line runs through an object');
  }
}

test('everything can be reached and done by keyboard', async (t) => {
  const { mock, page } = await visit(t, seed());
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    return at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent.trim().split('\n')[0] ?? at.textContent;
  });
  const reached = [];
  for (let i = 0; i < 40 && !reached.some((name) => name?.startsWith('Add the fault')); i++) {
    await page.keyboard.press('Tab');
    reached.push(await focused());
    if (reached.at(-1).startsWith('tenant Contoso')) {
      await page.keyboard.press('End');
      reached.push(await focused());
      await page.keyboard.press('Home');
      for (let n = 0; n < 20 && !(await focused()).startsWith('virtual machine'); n++) {
        await page.keyboard.press('ArrowDown');
      }
      await page.keyboard.press('Enter');
      await shown(page.getByRole('complementary').getByRole('heading', { name: 'vm-linux' }));
      assert.equal(await page.locator('#picture [aria-pressed="true"]').count(), 1);
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth);
      assert.equal(outline, '3px');
    }
  }
  for (const name of ['Reset the world…', 'Show only', 'Smaller', 'Fit', 'Larger', 'tenant Contoso', 'To', 'That', 'With', 'Pause', 'Request log', 'Add the fault']) {
    assert.ok(reached.some((each) => each?.startsWith(name)), `${name} is not reached: ${reached.join(' | ')}`);
  }
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [800, 1600]) {
    test(`it is well-formed and readable in ${colorScheme}, ${width} pixels wide`, async (t) => {
      const { mock, page } = await visit(t, seed({
        identities: [{ resourceGroup: 'DevTest', name: 'deployer', federatedIdentityCredentials: [
          { name: 'github', issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:octo-org/octo-repo:ref:refs/heads/main' }] }],
        attached: [identityID('deployer')],
      }), { context: { colorScheme, viewport: { width, height: 900 } } });
      const ask = await operator(page, mock);
      await ask('GET', '/nowhere');
      await shown(page.locator('#log-rows tr.bad'));
      await page.mouse.move(0, 0);
      const found = await page.evaluate(inspect);
      assert.deepEqual(found.unnamed, [], 'controls without a name');
      assert.deepEqual(found.headings.filter((level, i, all) => level > (all[i - 1] ?? 0) + 1), [], 'headings that skip a level');
      assert.equal(found.headings.filter((level) => level === 1).length, 1);
      assert.deepEqual(found.faint, [], 'texts with too little contrast');
      assert.ok(found.texts > 60, `only ${found.texts} texts were looked at`);
      assert.ok(found.overflow <= 0, `the page is ${found.overflow} pixels too wide`);
      assert.equal(found.lang, 'en');
      assert.deepEqual(found.landmarks, ['banner', 'complementary', 'main']);
    });
  }
}

/** Runs in the page: what is wrong with it for those who cannot see or use it as others do (WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 4.1.2). */
function inspect() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const groundOf = (element) => {
    const box = element.closest('[role="button"]')?.querySelector('rect.box');
    if (box) {
      return getComputedStyle(box).fill;
    }
    if (element.closest('svg')) {
      return getComputedStyle(document.querySelector('#picture .frame')).fill;
    }
    for (let at = element; at; at = at.parentElement) {
      const ground = getComputedStyle(at).backgroundColor;
      if ((channels(ground)[3] ?? 1) > 0) {
        return ground;
      }
    }
    throw new Error('a text stands on nothing');
  };
  const withText = [...document.body.querySelectorAll('*')].filter((element) => element.checkVisibility() && !['title', 'OPTION'].includes(element.tagName) &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  const faint = withText.map((element) => {
    const style = getComputedStyle(element);
    const color = element.closest('svg') ? style.fill : style.color;
    return { text: element.textContent, ratio: contrast(color, groundOf(element)) };
  }).filter(({ ratio }) => !(ratio >= 4.5));
  const controls = [...document.querySelectorAll('button, input, select, textarea, [role="button"], [role="region"], [tabindex="0"]')];
  const name = (control) => control.getAttribute('aria-label') ?? document.getElementById(control.getAttribute('aria-labelledby'))?.textContent ??
    control.labels?.[0]?.textContent ?? control.textContent;
  const landmarks = { HEADER: 'banner', MAIN: 'main', ASIDE: 'complementary' };
  return {
    texts: withText.length,
    faint,
    unnamed: controls.filter((control) => !name(control)?.trim()).map((control) => control.outerHTML),
    headings: [...document.querySelectorAll('h1, h2, h3, h4')].filter((h) => h.checkVisibility()).map((h) => Number(h.tagName[1])),
    overflow: document.documentElement.scrollWidth - innerWidth,
    lang: document.documentElement.lang,
    landmarks: [...document.querySelectorAll('header, main, aside')].map((each) => landmarks[each.tagName]).sort(),
  };
}
