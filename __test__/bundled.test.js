'use strict'

const { test } = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { bundle } = require('./helpers/bundle')
const { result } = require('./helpers/child')
const { isOwnFile } = require('../lib/evidence/own-files')

const ROOT = path.join(__dirname, '..')

test('bundled into the app, tidemark says so and names what is the app\'s, not what is its own', async (t) => {
  const project = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-bundled-'))
  t.after(() => fs.rmSync(project, { recursive: true }))
  fs.mkdirSync(path.join(project, 'dist'))
  const app = path.join(project, 'dist', 'app.js')
  bundle(path.join(__dirname, 'programs', 'bundled.js'), app)
  const { problems, containers } = await result(app)
  assert.match(problems.join('\n'), /bundled into a file of the app.*serverExternalPackages/)
  assert.match(containers[0].key, /app\.js:kept$/, JSON.stringify(containers.slice(0, 3)))
  const own = containers.filter(({ name, holds }) => /\.#|Monitor/.test(`${name} ${holds}`))
  assert.deepEqual(own, [])
})

test('tidemark\'s own files are recognised, of this copy and of another one, and none of the app\'s', () => {
  for (const own of ['lib/monitor.js', 'lib/evidence/census/walk.js', 'index.js', 'binding.js', 'package.json']) {
    assert.ok(isOwnFile(path.join(ROOT, own)), own)
    assert.ok(isOwnFile(path.join('/srv/app/node_modules/tidemark', own)), own)
    assert.ok(!isOwnFile(path.join('/srv/app', own)), own)
    assert.ok(!isOwnFile(path.join('/srv/app/node_modules/tidemark-dashboard', own)), own)
  }
  assert.ok(!isOwnFile(path.join(ROOT, 'examples', 'app.js')))
})

test('in a bundle the files of the app are not taken for tidemark\'s own', (t) => {
  const project = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-bundle-'))
  t.after(() => fs.rmSync(project, { recursive: true }))
  fs.mkdirSync(path.join(project, 'dist'))
  const file = path.join(project, 'dist', 'server.js')
  fs.copyFileSync(path.join(ROOT, 'lib', 'evidence', 'own-files.js'), file)
  const bundled = require(file)
  for (const each of ['dist/server.js', 'index.js', 'dist/index.js', 'src/app.js', 'lib/monitor.js']) {
    assert.ok(!bundled.isOwnFile(path.join(project, each)), each)
  }
})
