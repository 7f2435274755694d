'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { cpSync, mkdtempSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { jsonLine, textLine } = require('../lib/register/lines')
const { readVariables } = require('../lib/register/variables')
const { run } = require('./helpers/child')

const ROOT = path.join(__dirname, '..')
const REGISTER = path.join(ROOT, 'lib', 'register.js')
const PROGRAMS = path.join(__dirname, 'programs')
const DEADLINE = { timeout: 120000 }

/** Each way to preload, by the package's own name. */
const WAYS = { '--require': ['--require', 'tidemark/register'], '--import': ['--import', 'tidemark/register'] }

/** --import came with Node 18.18. */
const ways = Object.entries(WAYS).filter(([way]) => process.allowedNodeEnvironmentFlags.has(way))

function preloaded (program, { nodeArgs = WAYS['--require'], ...options } = {}) {
  return run(program, { cwd: ROOT, nodeArgs, ...options })
}

/** A small heap is collected often, and the classic rule needs no patience: what is tested here is the telling. */
const QUICK = ['--max-old-space-size=128']
const QUICK_ENV = { TIDEMARK_DETECTOR: 'memwatch', TIDEMARK_CONSECUTIVE: '3' }

/** Runs a program that leaks until a line of stderr fits, then ends it. @returns {Promise<string>} the line */
function lineOf (args, env, fits) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...QUICK, ...WAYS['--require'], path.join(PROGRAMS, 'leaks-until-told.js'), ...args], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '', ...QUICK_ENV, ...env },
      stdio: ['ignore', 'ignore', 'pipe']
    })
    const late = setTimeout(() => child.kill('SIGKILL'), DEADLINE.timeout - 10000)
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk
      const line = stderr.split('\n').slice(0, -1).find(fits)
      if (line === undefined) return
      resolve(line)
      child.kill('SIGKILL')
    })
    child.on('close', () => {
      clearTimeout(late)
      reject(new Error(`ended without the line; it said:\n${stderr}`))
    })
  })
}

describe('preloaded', DEADLINE, () => {
  for (const [way, nodeArgs] of ways) {
    test(`by ${way} an app that does not leak runs as ever, and nothing is said`, async () => {
      const { code, stdout, stderr } = await preloaded('quiet-app.js', { nodeArgs })
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'the app ran\n', stderr: '' })
    })

    test(`by ${way} a worker thread is watched too, and ends by itself`, async () => {
      const { code, stdout, stderr } = await preloaded('quiet-app.js', { nodeArgs, args: ['worker'], env: { TIDEMARK_CHANNELS: 'heap,bogus' } })
      assert.deepEqual({ code, stdout }, { code: 0, stdout: 'the app ran\nthe app ran\n' })
      const lines = stderr.trim().split('\n')
      assert.match(lines[0], new RegExp(`tidemark\\[\\d+\\] error: ERR_TIDEMARK_OPTION`))
      const name = 'threadName' in require('node:worker_threads') ? " 'mails'" : ''
      assert.match(lines[1], new RegExp(`tidemark\\[\\d+ thread \\d+${name}\\] error: ERR_TIDEMARK_OPTION`))
      assert.equal(lines.length, 2)
    })

    test(`by ${way} twice, or by both, each event is one line`, async () => {
      const both = ways.flatMap(([, args]) => args)
      const { stderr } = await preloaded('quiet-app.js', { nodeArgs: [...nodeArgs, ...both], env: { TIDEMARK_BOGUS: '1' } })
      assert.equal(stderr.trim().split('\n').length, 1, stderr)
    })
  }

  test('a leak is one line of text', async () => {
    const line = await lineOf([], {}, (line) => line.includes('leak: '))
    assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z tidemark\[\d+\] leak: The JavaScript heap leaks: [\d.]+ MB more than /)
  })

  test('with TIDEMARK_FORMAT=json a leak is one JSON object: event, time and the whole payload', async () => {
    const line = await lineOf([],
      { TIDEMARK_FORMAT: 'json', TIDEMARK_EVENTS: 'leak,stats', TIDEMARK_CHANNELS: 'heap' },
      (line) => JSON.parse(line).event === 'leak')
    const { event, time, channel, growth, reason, pid, threadId, message } = JSON.parse(line)
    assert.equal(event, 'leak')
    assert.equal(new Date(time).toISOString(), time)
    assert.equal(channel, 'heap')
    assert.ok(growth > 0)
    assert.match(reason, /^heap growth over \d+ consecutive GCs/)
    assert.ok(pid > 0)
    assert.equal(threadId, 0)
    assert.match(message, /^The JavaScript heap leaks: /)
  })

  test('a leak of a worker thread is told with its thread', async () => {
    const line = await lineOf(['worker'],
      { TIDEMARK_FORMAT: 'json', TIDEMARK_CHANNELS: 'heap' }, (line) => JSON.parse(line).event === 'leak')
    assert.ok(JSON.parse(line).threadId > 0)
  })

  test('wrong variables are a line each, and the app goes on', async () => {
    const { code, stdout, stderr } = await preloaded('quiet-app.js', {
      env: { TIDEMARK_CONSECUTIVE: 'five', TIDEMARK_FORMAT: 'xml', TIDEMARK_CONSECUTIV: '5' }
    })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'the app ran\n' })
    const said = stderr.trim().split('\n').map((line) => line.replace(/^\S+ tidemark\[\d+\] /, '')).sort()
    assert.equal(said.length, 3)
    assert.equal(said[0], 'error: ERR_TIDEMARK_OPTION: Expected `TIDEMARK_CONSECUTIVE` to be an integer from 2 to 1000, got \'five\'. The default is used instead.')
    assert.equal(said[1], 'error: ERR_TIDEMARK_OPTION: Expected `TIDEMARK_FORMAT` to be one of \'text\', \'json\', got \'xml\'. The default is used instead.')
    assert.match(said[2], /^error: ERR_TIDEMARK_UNKNOWN_OPTION: Unknown option `TIDEMARK_CONSECUTIV`\. .*It is ignored\.$/)
  })

  test('a missing binary is one line with its code, and the app goes on', async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-register-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    for (const name of ['index.js', 'binding.js', 'package.json', 'lib']) {
      cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
    }
    assert.ok(!readdirSync(folder).some((name) => name.endsWith('.node')))
    const register = path.join(folder, 'lib', 'register.js')
    for (const [way] of ways) {
      const nodeArgs = [way, way === '--import' ? pathToFileURL(register).href : register]
      const { code, stdout, stderr } = await run('quiet-app.js', { nodeArgs })
      assert.deepEqual({ code, stdout }, { code: 0, stdout: 'the app ran\n' })
      assert.match(stderr, /^\S+ tidemark\[\d+\] error: ERR_TIDEMARK_BINDING_MISSING: No tidemark binary .* Nothing is watched; the app goes on\.\n$/)
    }
    const { stderr } = await run('quiet-app.js', { nodeArgs: ['--require', register], env: { TIDEMARK_FORMAT: 'json' } })
    const { event, code, message } = JSON.parse(stderr)
    assert.equal(event, 'error')
    assert.equal(code, 'ERR_TIDEMARK_BINDING_MISSING')
    assert.match(message, /^No tidemark binary/)
  })

  test('a binary that may not be loaded is not called missing', async () => {
    const { code, stderr } = await run('quiet-app.js', { nodeArgs: ['--no-addons', '--require', REGISTER] })
    assert.equal(code, 0)
    assert.match(stderr, /error: ERR_TIDEMARK_BINDING_MISSING: The tidemark binary for [^\n]* loading addons is disabled\. Start Node\.js with `--allow-addons`[^\n]*\n$/)
  })

  test('a package in pieces is one line, and the app goes on', async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-register-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    cpSync(REGISTER, path.join(folder, 'register.js'))
    const { code, stdout, stderr } = await run('quiet-app.js', { nodeArgs: ['--require', path.join(folder, 'register.js')] })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'the app ran\n' })
    assert.match(stderr, /^tidemark: MODULE_NOT_FOUND: .* Nothing is watched; the app goes on\.\n$/)
  })

  test('an app that uses tidemark itself gets the same monitor, and may start it with its own options', async () => {
    const { code, json } = await preloaded('starts-with-options.js')
    assert.equal(code, 0)
    assert.deepEqual(json, { before: true, detector: 'memwatch' })
  })

  test('an app may start with its own options even where variables set others', async () => {
    const { code, json, stderr } = await preloaded('starts-with-options.js', { env: { TIDEMARK_DETECTOR: 'trend', TIDEMARK_HISTORY_SIZE: '100' } })
    assert.deepEqual({ code, json, stderr }, { code: 0, json: { before: true, detector: 'memwatch' }, stderr: '' })
  })

  test('what variables set stays where the app starts it with options that do not name it', { skip: process.platform === 'win32' && 'no signals' }, async (t) => {
    const cwd = mkdtempSync(path.join(os.tmpdir(), 'tidemark-register-'))
    t.after(() => rmSync(cwd, { recursive: true, force: true }))
    const { code, signal, json } = await preloaded('starts-after-preload.js', { cwd, nodeArgs: ['--require', REGISTER], env: { TIDEMARK_SIGNAL: 'SIGUSR2', TIDEMARK_CHANNELS: 'heap' } })
    assert.deepEqual({ code, signal, json }, { code: 0, signal: null, json: { code: 'ERR_TIDEMARK_SNAPSHOT_REFUSED', limit: true } })
  })

  test('a worker thread says nothing of options that are the process\'s', { skip: process.platform === 'win32' && 'no signals' }, async () => {
    const { code, stderr } = await preloaded('quiet-app.js', { args: ['worker'], env: { TIDEMARK_SIGNAL: 'SIGUSR2', TIDEMARK_SNAPSHOT_NEAR_HEAP_LIMIT: '1' } })
    assert.equal(code, 0)
    assert.doesNotMatch(stderr, /thread/)
  })

  test('lines go to who replaced stderr, and variables are read where PM2\'s cluster mode has them', async () => {
    const settings = { TIDEMARK_EVENTS: 'stats', TIDEMARK_BOGUS: '1', pm_id: 0, exec_mode: 'cluster_mode' }
    const { code, stdout, stderr } = await preloaded('stderr-replaced.js', { env: { pm2_env: JSON.stringify(settings) } })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.match(stdout, /^taken: \S+ tidemark\[\d+\] error: ERR_TIDEMARK_UNKNOWN_OPTION: .*`TIDEMARK_BOGUS`/m)
    assert.match(stdout, /^taken: \S+ tidemark\[\d+\] stats: heap /m)
  })

  test('why there is no snapshot on a signal is a line', { skip: process.platform === 'win32' && 'no signals' }, async (t) => {
    const cwd = mkdtempSync(path.join(os.tmpdir(), 'tidemark-register-'))
    t.after(() => rmSync(cwd, { recursive: true, force: true }))
    const refused = (env) => preloaded('signals-itself.js', {
      cwd,
      nodeArgs: ['--require', REGISTER],
      // It is beyond this limit, which is said too where events ask for it.
      env: { TIDEMARK_SIGNAL: 'SIGUSR2', TIDEMARK_MEMORY_LIMIT: '60m', TIDEMARK_EVENTS: 'leak', ...env }
    })
    const text = await refused()
    assert.match(text.stderr, /^\S+ tidemark\[\d+\] error: ERR_TIDEMARK_SNAPSHOT_REFUSED: No heap snapshot was taken: .+\n$/)
    const json = JSON.parse((await refused({ TIDEMARK_FORMAT: 'json' })).stderr)
    assert.deepEqual([json.event, json.code], ['error', 'ERR_TIDEMARK_SNAPSHOT_REFUSED'])
    assert.match(json.message, /^No heap snapshot was taken: /)
    assert.equal(typeof json.reason, 'string')
    assert.deepEqual([text.code, readdirSync(cwd)], [0, []])
  })

  test('what listeners throw is a line once, and evidence that comes late is one', async () => {
    const { code, stderr } = await preloaded('listener-throws.js')
    const [evidence, error, ...more] = stderr.trim().split('\n').map((line) => line.replace(/^\S+ tidemark\[\d+\] /, ''))
    assert.equal(code, 0)
    assert.equal(evidence, 'leak-evidence: The JavaScript heap leaks. Found late.')
    assert.match(error, /^error: ERR_TIDEMARK_LISTENER: A listener of 'stats' threw: bug of the app\. /)
    assert.deepEqual(more, [])
  })

  test('a stderr that nobody reads any more does not harm the app', async () => {
    const { code, signal, stdout } = await new Promise((resolve) => {
      const child = spawn(process.execPath, ['--require', 'tidemark/register', path.join(PROGRAMS, 'collects.js')], {
        cwd: ROOT,
        env: { ...process.env, NODE_OPTIONS: '', TIDEMARK_EVENTS: 'stats,gc' },
        stdio: ['ignore', 'pipe', 'pipe']
      })
      child.stderr.destroy()
      let stdout = ''
      child.stdout.setEncoding('utf8').on('data', (chunk) => { stdout += chunk })
      child.on('close', (code, signal) => resolve({ code, signal, stdout }))
    })
    assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'end\n' })
  })

  test('every event that is asked for is a line', async () => {
    const text = await preloaded('collects.js', { env: { TIDEMARK_EVENTS: 'stats, gc' } })
    assert.match(text.stderr, /tidemark\[\d+\] stats: heap [\d.]+ MB after a full GC of [\d.]+ ms, settling/)
    assert.match(text.stderr, /tidemark\[\d+\] gc: major, [\d.]+ ms, heap [\d.]+ MB after it/)
    const json = await preloaded('collects.js', { env: { TIDEMARK_EVENTS: 'stats,gc', TIDEMARK_FORMAT: 'json' } })
    const lines = json.stderr.trim().split('\n').map((line) => JSON.parse(line))
    assert.ok(lines.some(({ event, kind }) => event === 'gc' && kind === 'major'))
    assert.ok(lines.some(({ event, num_full_gc: count }) => event === 'stats' && count > 0))
  })
})

test('a line is one line, and no terminal obeys it', () => {
  const message = 'told\n2026-01-01T03:00:00.000Z tidemark[1] recovered: all is well \u001b]0;owned\u0007\u009b2J'
  for (const line of [textLine('leak', { message }), jsonLine('leak', { message })]) assert.match(line, /^[ -~↵]+$/)
  assert.equal(JSON.parse(jsonLine('leak', { message })).message, message)
})

describe('the variables', () => {
  test('each sets its option', () => {
    const { format, events, options, errors } = readVariables({
      PATH: '/bin',
      TIDEMARK_FORMAT: 'json',
      TIDEMARK_EVENTS: 'leak, stats',
      TIDEMARK_DETECTOR: 'memwatch',
      TIDEMARK_CONSECUTIVE: '7',
      TIDEMARK_CHANNELS: 'heap,native',
      TIDEMARK_EVIDENCE: 'routes, sites',
      TIDEMARK_HISTORY_SIZE: '64',
      TIDEMARK_SAMPLE_INTERVAL_MS: '500',
      TIDEMARK_IDLE_GC: 'off',
      TIDEMARK_IDLE_GC_INTERVAL_MS: '5000',
      TIDEMARK_MEMORY_LIMIT: '512m',
      TIDEMARK_REQUESTS: 'false',
      TIDEMARK_SNAPSHOTS: 'auto',
      TIDEMARK_SNAPSHOT_FOLDER: '/snapshots',
      TIDEMARK_SNAPSHOT_NEAR_HEAP_LIMIT: 'yes',
      TIDEMARK_NEAR_HEAP_LIMIT_TIMEOUT_MS: '5000',
      TIDEMARK_SIGNAL: 'SIGUSR2',
      TIDEMARK_SOURCE: 'perf_hooks'
    })
    assert.deepEqual(errors, [])
    assert.equal(format, 'json')
    assert.deepEqual(events, ['leak', 'stats'])
    assert.deepEqual(options, {
      detector: 'memwatch',
      consecutive: 7,
      channels: ['heap', 'native'],
      evidence: ['routes', 'sites'],
      historySize: 64,
      sampleIntervalMs: 500,
      idleGc: false,
      idleGcIntervalMs: 5000,
      memoryLimit: 512 * 1048576,
      requests: false,
      snapshotFolder: '/snapshots',
      snapshots: 'auto',
      snapshotNearHeapLimit: true,
      nearHeapLimitTimeoutMs: 5000,
      signal: 'SIGUSR2',
      source: 'perf_hooks'
    })
  })

  test('what is found out after a leak was told is among the events', () => {
    assert.deepEqual(readVariables({}).events, ['leak', 'leak-evidence', 'recovered', 'critical', 'previous-run'])
    assert.deepEqual(readVariables({ TIDEMARK_EVENTS: 'leak-evidence' }), { format: 'text', events: ['leak-evidence'], options: undefined, errors: [] })
  })

  test('evidence can be switched off, which an empty variable could not say', () => {
    assert.deepEqual(readVariables({ TIDEMARK_EVIDENCE: 'none' }).options, { evidence: [] })
    const { options, errors: [error] } = readVariables({ TIDEMARK_EVIDENCE: 'routes,rumours' })
    assert.equal(options, undefined)
    assert.match(error.message, /a comma-separated list of 'routes', .*, or none, got 'routes,rumours'/)
  })

  test('sizes are read as people write them', () => {
    const limit = (value) => readVariables({ TIDEMARK_MEMORY_LIMIT: value }).options?.memoryLimit
    const gb = 1024 ** 3
    assert.deepEqual(['1073741824', '1g', '1G', '1 GB', '1Gi', '1GiB', '0.5g', '1024m', '1048576k', '1x', 'g', '-1g', '1'].map(limit),
      [gb, gb, gb, gb, gb, gb, gb / 2, gb, gb, undefined, undefined, undefined, undefined])
  })

  test('what Kubernetes sets for a service of this name, and what is empty, is nobody\'s mistake', () => {
    const { options, errors } = readVariables({ TIDEMARK_PORT: 'tcp://10.0.0.1', TIDEMARK_SERVICE_HOST: '10.0.0.1', TIDEMARK_CHANNELS: '', TIDEMARK_DETECTOR: ' ' })
    assert.equal(options, undefined)
    assert.deepEqual(errors, [])
  })
})
