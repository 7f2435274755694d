'use strict'

// Packs this clone for another project on this machine: the main package and that of this platform, as
// they would be published.
//   node scripts/pack.js [--out DIR]

const { mkdirSync, mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { nodeFile, platformName } = require('./platform')
const { stageMain, stagePlatform } = require('./stage')
const { ROOT, exitWith, lastLine, must } = require('./steps')

async function main () {
  const { values } = parseArgs({ options: { out: { type: 'string', default: path.join(ROOT, '.cache', 'packed') } } })
  const out = path.resolve(values.out)
  const staged = mkdtempSync(path.join(os.tmpdir(), 'tidemark-pack-'))
  try {
    stageMain(path.join(staged, 'main'), [platformName()])
    stagePlatform(path.join(staged, 'platform'), platformName(), path.join(ROOT, nodeFile()))
    mkdirSync(out, { recursive: true })
    const files = []
    for (const name of ['main', 'platform']) {
      const { stdout } = await must('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', out], { cwd: path.join(staged, name) })
      files.push(path.join(out, lastLine(stdout)))
    }
    console.log(`In the other project:\n\n  npm install ${files.map(quoted).join(' ')}`)
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
}

function quoted (file) {
  return /\s/.test(file) ? `"${file}"` : file
}

main().catch(exitWith)
