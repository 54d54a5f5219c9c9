// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// What it takes to look at the mock's page: a mock, a browser, and an engine that changes the world meanwhile.

import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const repository = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** Starts Chromium: the one that CHROMIUM_PATH names, else the first on PATH. It asks nothing of its maker. */
export function launch() {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  const places = named ? [named] : ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    process.env.PATH.split(delimiter).map((directory) => join(directory, name)));
  const found = places.find(isExecutable);
  if (!found) {
    throw new Error(named
      ? `CHROMIUM_PATH names ${named}, which cannot be executed`
      : 'there is no Chromium: install chromium or google-chrome, or name one in CHROMIUM_PATH');
  }
  return found;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a mock of its own with a seed, and has it stopped by stop(). */
export async function serve(seed, ...options) {
  const directory = mkdtempSync(join(tmpdir(), 'page-'));
  const seedFile = join(directory, 'seed.json');
  writeFileSync(seedFile, JSON.stringify(seed));
  const mock = spawn(join(repository, 'bin', 'mockarm'), ['serve', '--seed', seedFile, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => mock.once('close', resolve));
  const stop = async () => {
    mock.kill();
    await ended;
    rmSync(directory, { recursive: true });
  };
  let complaint = '';
  mock.stderr.on('data', (data) => (complaint += data));
  const environment = {};
  for await (const line of createInterface(mock.stdout)) {
    const [, name, value] = line.match(/^export (\w+)='(.*)'$/) ?? []; // The others unset what must not be set.
    if (name) {
      environment[name] = value;
    }
    if (name === 'no_proxy') { // The last of them, in the order of their names.
      return { directory, environment, stop, url: `${environment.MOCKARM_URL}/_mock/` };
    }
  }
  await stop();
  throw new Error(`mockarm has not started: ${complaint}`);
}

/** A copy of an example, with an engine that takes the provider from bin/ and finds the mock. */
export function workspace({ directory, environment }, example) {
  const engine = process.env.TF_ACC_TERRAFORM_PATH;
  if (!engine) {
    throw new Error('TF_ACC_TERRAFORM_PATH names no engine: run this by make, which finds one');
  }
  const at = mkdtempSync(join(directory, 'workspace-'));
  cpSync(join(repository, 'examples', example), at, { recursive: true });
  const settings = join(at, 'cli.tfrc');
  const bin = JSON.stringify(join(repository, 'bin'));
  writeFileSync(settings, `provider_installation {\n  dev_overrides {\n    "azuremi/azuremi" = ${bin}\n  }\n  direct {}\n}\n`);
  return async (...command) => {
    const { stdout } = await run(engine, command, {
      cwd: at, env: { ...process.env, ...environment, TF_CLI_CONFIG_FILE: settings, TF_IN_AUTOMATION: '1' },
    });
    return stdout;
  };
}
