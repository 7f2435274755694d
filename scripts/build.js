'use strict'

// Builds the native addon and binding.d.ts, which is generated from the Rust code and committed. `--check` changes
// nothing and fails when the committed file is stale.

const { readFileSync, existsSync } = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { ROOT, must, commandOf, withSigns, exitWith } = require('./steps')
const { putInPlace, setup } = require('./setup')
const { nodeFile } = require('./platform')

const GENERATED = ['binding.d.ts']

/** Where napi writes, so that a check leaves the tree alone. */
const OUTPUT = path.join('target', 'napi')

async function generate (...profile) {
  await must(process.execPath, [commandOf('@napi-rs/cli', 'napi'), 'build', ...profile, '--platform',
    '--no-js', '--dts', 'binding.d.ts', '--output-dir', OUTPUT])
}

async function build () {
  await setup()
  await withSigns('build: the native addon and its types', () => generate('--release'))
  for (const name of staleFiles()) {
    putInPlace(path.join(ROOT, OUTPUT, name), path.join(ROOT, name))
    console.log(`build: ${name} changed, commit it`)
  }
  putInPlace(path.join(ROOT, OUTPUT, nodeFile()), path.join(ROOT, nodeFile()))
}

/** @throws when the types differ from what the Rust code gives */
async function checkGenerated () {
  // It is the same however the addon is optimised.
  await generate()
  const stale = staleFiles()
  if (stale.length > 0) {
    throw new Error(`Not what the Rust code gives: ${stale.join(', ')}. Run 'npm run build' and commit the result.`)
  }
}

function staleFiles () {
  return GENERATED.filter((name) => {
    const committed = path.join(ROOT, name)
    return !existsSync(committed) || readFileSync(committed, 'utf8') !== readFileSync(path.join(ROOT, OUTPUT, name), 'utf8')
  })
}

module.exports = { checkGenerated }

if (require.main === module) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const work = values.check ? checkGenerated() : build()
  work.catch(exitWith)
}
