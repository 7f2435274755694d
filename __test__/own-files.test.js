'use strict'

const assert = require('node:assert/strict')
const { copyFileSync, mkdtempSync, mkdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const test = require('node:test')
const { isOwnFile } = require('../lib/evidence/own-files')

const root = path.join(__dirname, '..')

test('the files of the package are its own, and what lies beside it is not', () => {
  assert.equal(isOwnFile(path.join(root, 'lib', 'monitor.js')), true)
  assert.equal(isOwnFile(path.join(root, 'index.js')), true)
  assert.equal(isOwnFile(path.join(root, 'server.js')), false)
  assert.equal(isOwnFile(path.join(root, 'library', 'a.js')), false)
})

test('in a bundle the files of the app are not taken for its own', () => {
  const project = mkdtempSync(path.join(os.tmpdir(), 'tidemark-bundle-'))
  mkdirSync(path.join(project, 'dist'))
  const bundle = path.join(project, 'dist', 'server.js')
  copyFileSync(path.join(root, 'lib', 'evidence', 'own-files.js'), bundle)
  const bundled = require(bundle)
  for (const file of ['dist/server.js', 'index.js', 'dist/index.js', 'src/app.js', 'lib/monitor.js']) {
    assert.equal(bundled.isOwnFile(path.join(project, file)), false, file)
  }
  rmSync(project, { recursive: true })
})
