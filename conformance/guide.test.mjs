// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// The programs in the guide do what the guide says.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { program } from './mockarm.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const guide = readFileSync(file('../templates/guides/mockarm.md'), 'utf8');

// Where programs in JavaScript find the packages, and programs in Go the module.
const directory = mkdtempSync(file('node_modules/.guide-'));
after(() => rmSync(directory, { recursive: true }));
copyFileSync(file('../examples/mockarm/seed.json'), join(directory, 'seed.json'));

const blocks = [...guide.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, text]) => text);
const named = blocks.flatMap((text) => {
  const name = text.match(/^(?:#|\/\/) (\S+\.\w+)\n/)?.[1];
  return name ? [{ name, text }] : [];
});
const environment = { ...process.env, PATH: dirname(program) + delimiter + process.env.PATH };

test('there is a program for each client', () => {
  assert.deepEqual(named.map(({ name }) => name), ['read.sh', 'read.mjs', 'read.go']);
});

for (const { name, text } of named) {
  test(`${name} reads the resource group`, async () => {
    writeFileSync(join(directory, name), text);
    const command = blocks.find((block) => block.startsWith('mockarm exec ') && block.endsWith(` ${name}\n`));
    assert.ok(command, 'the guide does not say how to run it');
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: directory, env: environment });
    assert.match(stdout, /\/subscriptions\/bbbbbbbb-0000-4000-8000-000000000001\/resourceGroups\/shop/);
  });
}
