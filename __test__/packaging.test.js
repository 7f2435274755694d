'use strict'

// Packs what is published and installs it as a user would. Needs the npm registry, for Express.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { promisify } = require('node:util')
const { result, run } = require('./helpers/child')
const { platformName, nodeFile } = require('../scripts/platform')
const { stageMain, stagePlatform, platforms } = require('../scripts/stage')

const ROOT = path.join(__dirname, '..')
const PROGRAMS = path.join(__dirname, 'programs', 'packaged')
const PLATFORM = `tidemark-${platformName()}`
const LARGEST_INSTALL = 3.5e6
const DEADLINE_MS = 120000

const { version } = readJson(path.join(ROOT, 'package.json'))
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
let folder
let packed

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-packaging-'))
  stageMain(path.join(folder, 'main'), [platformName()])
  stagePlatform(path.join(folder, 'platform'), platformName(), path.join(ROOT, nodeFile()))
  packed = { main: await pack('main'), platform: await pack('platform') }
})

after(() => rmSync(folder, { recursive: true, force: true }))

describe('the packages', () => {
  test('hold the intended files and no others', () => {
    assert.deepEqual(packed.platform.files, ['LICENSE', 'README.md', 'package.json', nodeFile()].sort())
    const intended = /^(index\.js|(?:index|express|fastify|hono|koa|opentelemetry|prometheus|recycle|test|test-matchers)\.d\.ts|binding\.js|bin\/tidemark\.js|lib\/[\w/-]+\.js|lib\/names\.json|lib\/(?:cli\/report|dashboard|profile\/flame-graph)\/style\.css|lib\/dashboard\/uplot\/(?:uplot\.min\.(?:js|css)|LICENSE\.txt)|package\.json|LICENSE|docs\/[\w-]+\.md|ops\/[\w-]+\/[\w.-]+|(README|SECURITY|SKILL)\.md|llms\.txt)$/
    assert.deepEqual(packed.main.files.filter((name) => !intended.test(name)), [])
    for (const name of ['index.js', 'index.d.ts', 'binding.js', 'lib/monitor.js', 'package.json', 'LICENSE']) {
      assert.ok(packed.main.files.includes(name), name)
    }
  })

  test('name each platform once, in the version of the main package', () => {
    stageMain(path.join(folder, 'all'))
    const { optionalDependencies } = readJson(path.join(folder, 'all', 'package.json'))
    const { napi } = readJson(path.join(ROOT, 'package.json'))
    assert.deepEqual(Object.keys(optionalDependencies).sort(), napi.targets.map((target) => `tidemark-${nameOf(target)}`).sort())
    for (const name of platforms()) {
      const manifest = readJson(path.join(ROOT, 'npm', name, 'package.json'))
      assert.equal(manifest.name, `tidemark-${name}`)
      assert.equal(manifest.version, version)
      assert.equal(optionalDependencies[manifest.name], version)
      assert.deepEqual(manifest.files, [`tidemark.${name}.node`])
    }
  })
})

describe('in a new Express project, installed with npm', () => {
  let project

  before(async () => {
    project = await npmProject('npm-commonjs', {})
    cpSync(path.join(PROGRAMS, 'app.js'), path.join(project, 'app.js'))
    cpSync(path.join(PROGRAMS, 'workers.js'), path.join(project, 'workers.js'))
  })

  test('there is no install script and no runtime dependency', () => {
    const { packages } = readJson(path.join(project, 'node_modules', '.package-lock.json'))
    for (const name of ['tidemark', PLATFORM]) {
      const { hasInstallScript, dependencies, peerDependencies = {}, peerDependenciesMeta = {} } = packages[`node_modules/${name}`]
      assert.equal(hasInstallScript, undefined)
      assert.equal(dependencies, undefined)
      for (const peer of Object.keys(peerDependencies)) assert.equal(peerDependenciesMeta[peer].optional, true)
      assert.equal(readJson(path.join(project, 'node_modules', name, 'package.json')).scripts, undefined)
    }
  })

  test('the installed size is at most 3.5 MB', () => {
    const size = sizeOf(path.join(project, 'node_modules', 'tidemark')) + sizeOf(path.join(project, 'node_modules', PLATFORM))
    assert.ok(size <= LARGEST_INSTALL, `${size} bytes`)
  })

  for (const detector of ['memwatch', 'trend']) {
    test(`the app gets its 'leak' event (${detector})`, async () => {
      const leak = await result(path.join(project, 'app.js'), { args: [detector], cwd: project, deadlineMs: DEADLINE_MS })
      assertLeak(leak)
      assert.ok(leak.resolved.includes(path.join('npm-commonjs', 'node_modules', 'tidemark')), leak.resolved)
    })
  }

  test('each thread has a monitor of its own', async () => {
    const { leak, expected, here, healthy } = await result(path.join(project, 'workers.js'), { cwd: project, deadlineMs: DEADLINE_MS })
    assert.equal(leak.threadId, expected)
    assert.ok(leak.growth > 1e6)
    assert.deepEqual({ here, healthy }, { here: 0, healthy: 0 })
  })

  test('every subpath can be required', async () => {
    const { exports } = readJson(path.join(project, 'node_modules', 'tidemark', 'package.json'))
    const code = `for (const name of ${JSON.stringify(Object.keys(exports))}) require(name.replace('.', 'tidemark'))`
    writeFileSync(path.join(project, 'subpaths.js'), code)
    const { code: exitCode, stderr } = await run(path.join(project, 'subpaths.js'), { cwd: project })
    assert.equal(exitCode, 0, stderr)
  })

  test('without the platform package the error says what is missing', async () => {
    rmSync(path.join(project, 'node_modules', PLATFORM), { recursive: true })
    const { code, stderr } = await run(path.join(project, 'app.js'), { cwd: project })
    assert.equal(code, 1)
    assert.match(stderr, /ERR_TIDEMARK_BINDING_MISSING/)
  })
})

test('a clone is packed by one command, and its line installs it in another project without a registry', async () => {
  const out = path.join(folder, 'local')
  const said = await execute(process.execPath, [path.join(ROOT, 'scripts', 'pack.js'), '--out', out], ROOT)
  const [, ...words] = /npm install (.+)/.exec(said)[0].split(' ')
  assert.equal(readdirSync(out).length, 2)
  const project = newProject('packed-locally', {})
  await execute('npm', [...words, '--offline', ...quiet], project)
  writeFileSync(path.join(project, 'app.js'), "const tidemark = require('tidemark')\ntidemark.on('stats', () => {})\nconsole.log(JSON.stringify(tidemark.status().source))")
  const { json, stderr } = await run(path.join(project, 'app.js'), { cwd: project })
  assert.equal(json, 'native', stderr)
})

test('in a project of `type: module` the app gets its \'leak\' event by named imports', async () => {
  const project = await npmProject('npm-module', { type: 'module' })
  cpSync(path.join(PROGRAMS, 'app.mjs'), path.join(project, 'app.js'))
  const leak = await result(path.join(project, 'app.js'), { cwd: project, deadlineMs: DEADLINE_MS })
  assertLeak(leak)
  assert.equal(leak.same, true)
})

test('in pnpm\'s isolated layout the app gets its \'leak\' event', async () => {
  const project = newProject('pnpm', { dependencies: { express: '^5.0.0', tidemark: packed.main.file } })
  writeFileSync(path.join(project, 'pnpm-workspace.yaml'),
    `nodeLinker: isolated\noverrides:\n  ${PLATFORM}: '${packed.platform.file}'\n`)
  cpSync(path.join(PROGRAMS, 'app.js'), path.join(project, 'app.js'))
  // By Node.js, because its own binary is put in place by an install script, which setup leaves out.
  await execute(process.execPath, [path.join(ROOT, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs'), 'install',
    '--ignore-scripts', '--store-dir', path.join(ROOT, '.cache', 'pnpm')], project)
  // Nothing is hoisted: only tidemark itself sees its platform package.
  assert.deepEqual(readdirSync(path.join(project, 'node_modules')).filter((name) => !name.startsWith('.')).sort(), ['express', 'tidemark'])
  const leak = await result(path.join(project, 'app.js'), { cwd: project, deadlineMs: DEADLINE_MS })
  assertLeak(leak)
  assert.ok(leak.resolved.includes(path.join('node_modules', '.pnpm')), leak.resolved)
})

function assertLeak ({ channel, growth, message, source }) {
  assert.equal(channel, 'heap')
  assert.ok(growth > 1e6, `${growth} bytes`)
  assert.match(message, /leak/)
  assert.equal(source, 'native')
}

/** A project with Express and the packed tidemark, which brings its platform package by itself. */
async function npmProject (name, manifest) {
  const project = newProject(name, {
    ...manifest,
    dependencies: { express: '^5.0.0', tidemark: packed.main.file },
    overrides: { [PLATFORM]: packed.platform.file }
  })
  await execute('npm', ['install', '--prefer-offline', ...quiet], project)
  return project
}

function newProject (name, manifest) {
  const project = path.join(folder, name)
  mkdirSync(project)
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name, version: '1.0.0', private: true, ...manifest }))
  return project
}

async function pack (name) {
  const stdout = await execute('npm', ['pack', '--json', '--pack-destination', folder, ...quiet], path.join(folder, name))
  const answer = JSON.parse(stdout)
  // A list until npm 11, an object by package name since.
  const { filename, files } = Array.isArray(answer) ? answer[0] : Object.values(answer)[0]
  return { file: `file:${path.join(folder, filename)}`, files: files.map((file) => file.path).sort() }
}

/** npm and pnpm, in the environment of a user's shell rather than of `npm test`. */
async function execute (command, args, cwd) {
  const environment = Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle)_|npm_config_local_prefix$|NODE_TEST_CONTEXT$|INIT_CWD$|CI$)/.test(name))
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: Object.fromEntries(environment),
      timeout: 180000,
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32' && command === 'npm'
    })
    return stdout
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`, { cause: error })
  }
}

/** x86_64-unknown-linux-gnu -> linux-x64-gnu */
function nameOf (target) {
  const [cpu, , system, abi] = target.split('-')
  const arch = { x86_64: 'x64', aarch64: 'arm64' }[cpu]
  const os = { darwin: 'darwin', linux: 'linux', windows: 'win32' }[system]
  return [os, arch, abi].filter(Boolean).join('-')
}

function sizeOf (file) {
  const stat = statSync(file)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(file).reduce((sum, name) => sum + sizeOf(path.join(file, name)), 0)
}

function readJson (file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
