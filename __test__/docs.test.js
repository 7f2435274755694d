'use strict'

// What people copy out of README.md and docs/ must work: code blocks run, commands exist, links lead somewhere.

const assert = require('node:assert/strict')
const { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { run } = require('./helpers/child')

const ROOT = path.join(__dirname, '..')
const { scripts } = require('../package.json')
const DOCS = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SKILL.md', 'llms.txt', ...readdirSync(path.join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md')).map((name) => path.join('docs', name))]

const README_BYTES = 7000

const FRAMEWORKS = ['fastify', 'koa', '@koa/router', 'hono', '@hono/node-server']

const ENDS_SOON = path.join(__dirname, 'helpers', 'ends-soon.js')

// Each runs for two seconds.
describe('examples', { concurrency: 8 }, () => {
  for (const file of DOCS) {
    blocks(readFileSync(path.join(ROOT, file), 'utf8'), 'js').forEach((code, index) => {
      const isNewer = FRAMEWORKS.some((name) => code.includes(`require('${name}')`)) && Number.parseInt(process.versions.node, 10) < 20
      test(`example ${index + 1} of ${file} runs`, { timeout: 60000, skip: isNewer && 'the framework needs Node.js 20' }, async (t) => {
        const folder = exampleFolder(t, code)
        const ended = await run(path.join(folder, 'app.js'), { cwd: folder, nodeArgs: ['--require', ENDS_SOON] })
        assert.equal(ended.code, 0, ended.stderr)
      })
    })
  }
})

for (const file of DOCS) {
  const text = readFileSync(path.join(ROOT, file), 'utf8')

  test(`every npm script that ${file} names exists`, () => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name)
    assert.deepEqual(named.filter((name) => !Object.hasOwn(scripts, name)), [])
  })

  test(`every link of ${file} leads to a file and a heading that exist`, () => {
    assert.deepEqual(links(text).filter((link) => !leadsSomewhere(file, link)), [])
  })
}

test(`README.md has at most ${README_BYTES} bytes`, () => {
  assert.ok(readFileSync(path.join(ROOT, 'README.md')).length <= README_BYTES)
})

function blocks (text, language) {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code)
}

/** A project of its own, in which `tidemark` and the frameworks resolve as for a user. */
function exampleFolder (t, code) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-docs-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(path.join(folder, 'app.js'), code)
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  const modules = path.join(ROOT, 'node_modules')
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'tidemark'))
  for (const name of ['express', ...FRAMEWORKS]) {
    mkdirSync(path.dirname(path.join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(path.join(modules, name), path.join(folder, 'node_modules', name))
  }
  return folder
}

/** Relative links; what is in code is none. */
function links (text) {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^https?:/.test(link))
}

function leadsSomewhere (file, link) {
  const [relative, anchor] = link.split('#')
  const target = relative === '' ? path.join(ROOT, file) : path.join(ROOT, path.dirname(file), relative)
  if (!existsSync(target)) return false
  return anchor === undefined || anchors(readFileSync(target, 'utf8')).includes(anchor)
}

/** As GitHub makes them. */
function anchors (text) {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'))
}
