// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Gives a test a mock Azure of its own, in the way that the guide gives to users: by mockarm exec.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The program under test. */
export const program = fileURLToPath(new URL('../bin/mockarm', import.meta.url));

// Says to a test file that it runs at the side of its mock, and where its files are.
const marker = 'CONFORMANCE_DIRECTORY';

/**
 * Runs a test file once more, with a mock Azure at its side, unless it does so already. Node.js reads the certificates that
 * it trusts when it starts, so a mock that the test itself started would come too late.
 *
 * @param {string} url that of the test file, import.meta.url
 * @param {{ options?: string[], seed?: (directory: string) => object }} azure more options of mockarm exec, and what makes
 *   the world to begin with; whatever else it puts into the directory is there for the test
 * @returns {string} the directory
 */
export function underMockarm(url, { options = [], seed } = {}) {
  if (process.env[marker]) {
    return process.env[marker];
  }
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    const command = ['exec', ...options];
    if (seed) {
      const file = join(directory, 'seed.json');
      writeFileSync(file, JSON.stringify(seed(directory)));
      command.push('--seed', file);
    }
    command.push('--', process.execPath, fileURLToPath(url));
    const { status, error } = spawnSync(program, command, { stdio: 'inherit', env: { ...process.env, [marker]: directory } });
    if (error) {
      throw error;
    }
    process.exitCode = status ?? 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
  process.exit();
}

/**
 * Asks the control plane.
 *
 * @param {string} name what is behind /_mock/
 * @param {object} [body] what to post
 */
export async function control(name, body) {
  const options = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${process.env.MOCKARM_URL}/_mock/${name}`, options);
  if (!response.ok) {
    throw new Error(`${name}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}
