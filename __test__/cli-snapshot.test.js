'use strict'

const assert = require('node:assert/strict')
const { execFileSync, spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, afterEach, before, beforeEach, describe, test } = require('node:test')
const { once } = require('node:events')
const { setTimeout: wait } = require('node:timers/promises')
const binding = require('../lib/binding').loadBinding()
const { prove } = require('../lib/cli/running/proof')
const { forkObstacle } = require('../lib/snapshot/fork')
const { takeRequest, isRequestName } = require('../lib/snapshot/request')
const { problemsOf } = require('./helpers/snapshot')

const COMMAND = path.join(__dirname, '..', 'bin', 'tidemark.js')
const PROGRAM = path.join(__dirname, 'programs', 'snapshot-asked.js')
const DEADLINE_MS = 180000

const noFork = forkObstacle(binding, {})?.message ?? false
const notLinux = process.platform !== 'linux' && 'Linux only'
const notRoot = process.geteuid?.() !== 0 && 'wants to be root'
/** Of somebody else. */
const NOBODY = 65534

let root
let folder
let children
let count = 0

before(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-asked-'))
  fs.chmodSync(root, 0o755)
})
after(() => fs.rmSync(root, { recursive: true, force: true }))
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, `${count++}-`))
  children = []
})
afterEach(() => { for (const child of children) child.kill('SIGKILL') })

/** A process that ends with the test at the latest, once it has printed its first line. */
async function launch (command, args, options = {}) {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' }, timeout: DEADLINE_MS, killSignal: 'SIGKILL', ...options })
  children.push(child)
  child.said = ''
  child.stderr.on('data', (chunk) => { child.said += chunk })
  child.stdout.on('data', (chunk) => { child.said += chunk })
  await until(() => child.said.includes('\n') || child.exitCode !== null)
  return child
}

function app (what, options = {}, how) {
  return launch(process.execPath, [PROGRAM, what, JSON.stringify(options)], how)
}

async function until (condition) {
  for (const end = Date.now() + DEADLINE_MS; !condition(); await wait(20)) {
    if (Date.now() > end) throw new Error(`never: ${condition}`)
  }
}

function start (...args) {
  const child = spawn(process.execPath, [COMMAND, 'snapshot', ...args.map(String)], { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' }, timeout: DEADLINE_MS })
  children.push(child)
  const told = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => { told.stdout += chunk })
  child.stderr.on('data', (chunk) => { told.stderr += chunk })
  return { child, ended: once(child, 'close').then(([code]) => ({ code, ...told })) }
}

function snapshot (...args) {
  return start(...args).ended
}

const isAlive = (child) => child.exitCode === null && child.signalCode === null

/** A name as a command makes it up. */
const requestOf = (pid) => `/tmp/tidemark-request-${pid}-0123456789abcdef.json`

const requestsTo = (pid) => fs.readdirSync('/tmp').filter((name) => isRequestName(name, pid))

/** What must be true after each refusal. */
async function refused (child, args, sentence) {
  const { code, stdout, stderr } = await snapshot('--pid', child.pid, ...args)
  assert.match(stderr, sentence)
  assert.match(stderr, /^tidemark: [^\n]+\n$/)
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.deepEqual(requestsTo(child.pid), [])
}

describe('a process that listens', { skip: notLinux || noFork }, () => {
  test('writes a redacted snapshot into its own folder, and the command tells where', async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    const { code, stdout, stderr } = await snapshot('--pid', child.pid)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [name] = fs.readdirSync(folder)
    const file = path.join(folder, name)
    assert.match(name, /^heapdump-\d+\.\d+\.heapsnapshot$/)
    assert.ok(stdout.startsWith(`${file}\n`), stdout)
    assert.match(stdout, /MB, without the contents of strings; the process stood still for \d+ m?s of \d+ m?s\n/)
    assert.ok(stdout.endsWith(`tidemark suspects ${file}\n`), stdout)
    assert.deepEqual(problemsOf(file), [])
    assert.ok(!fs.readFileSync(file, 'utf8').includes('"secret-1'))
    assert.ok(isAlive(child))
    assert.deepEqual(requestsTo(child.pid), [])
  })

  test('writes what it is asked for where it is asked to, and hears another signal', async () => {
    const child = await app('asked', { signal: 'SIGURG' }, { cwd: root })
    const { code, stdout } = await snapshot('--pid', child.pid, '--signal', 'SIGURG', '--out', 'full.heapsnapshot', '--full', '--json')
    assert.equal(code, 0)
    const file = path.join(folder, 'full.heapsnapshot')
    const { pid, path: told, reach, redacted, bytes, method, pauseMs, durationMs } = JSON.parse(stdout)
    assert.deepEqual({ pid, told, reach, redacted, method }, { pid: child.pid, told: file, reach: file, redacted: false, method: 'fork' })
    assert.equal(bytes, fs.statSync(file).size)
    assert.ok(pauseMs > 0 && pauseMs < durationMs)
    assert.ok(fs.readFileSync(file, 'utf8').includes('"secret-1'))
  })

  test('of another user is asked by root', { skip: notRoot }, async () => {
    fs.chmodSync(folder, 0o777)
    const child = await app('asked', { signal: 'SIGUSR2' }, { uid: NOBODY, gid: NOBODY })
    const { code, stderr } = await snapshot('--pid', child.pid)
    assert.equal(code, 0, stderr)
    const [name] = fs.readdirSync(folder)
    assert.equal(fs.statSync(path.join(folder, name)).uid, NOBODY)
    assert.deepEqual(requestsTo(child.pid), [])
  })

  test('in a container is asked from outside, and the command tells how to reach the file', { skip: noContainer() }, async () => {
    const script = `mount -t tmpfs tmpfs /tmp && cd /tmp && exec "$0" ${PROGRAM} asked '{"signal":"SIGUSR2"}'`
    const outer = await launch('unshare', ['--mount', '--pid', '--mount-proc', '--fork', '--kill-child', 'sh', '-c', script, process.execPath])
    const pid = Number(fs.readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8'))
    const relative = await snapshot('--pid', pid, '--out', 'x.heapsnapshot')
    assert.match(relative.stderr, /sees other folders .* absolute path/)
    const { code, stdout, stderr } = await snapshot('--pid', pid, '--json')
    assert.equal(code, 0, stderr)
    const { path: told, reach, bytes } = JSON.parse(stdout)
    assert.match(told, /^\/tmp\/heapdump-/)
    assert.equal(reach, `/proc/${pid}/root${told}`)
    assert.equal(fs.statSync(reach).size, bytes)
    assert.deepEqual(fs.readdirSync(`/proc/${pid}/root/tmp`), [path.basename(told)])
  })

  test('is asked though another user has put requests in the way', { skip: notRoot }, async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    const { pid } = child
    const inTheWay = [`/tmp/tidemark-request-${pid}.json`, ...Array.from({ length: 50 }, (_, i) => `/tmp/tidemark-request-${pid}-${i}.json`)]
    const script = 'process.setgid(65534); process.setuid(65534); for (const file of process.argv.slice(1)) require("fs").writeFileSync(file, "{}\\n", { mode: 0o600 })'
    execFileSync(process.execPath, ['-e', script, '--', ...inTheWay])
    try {
      const { code, stdout, stderr } = await snapshot('--pid', pid, '--json')
      assert.equal(code, 0, stderr)
      assert.deepEqual(problemsOf(JSON.parse(stdout).path), [])
      for (const file of inTheWay) assert.equal(fs.readFileSync(file, 'utf8'), '{}\n')
    } finally {
      for (const file of inTheWay) fs.rmSync(file)
    }
  })

  test('is asked though a request was forgotten a minute ago', async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    fs.writeFileSync(requestOf(child.pid), '{}', { mode: 0o600 })
    const script = `const { now } = Date; Date.now = () => now() + 61000; require(${JSON.stringify(COMMAND)})`
    const { status, stderr } = spawnSync(process.execPath, ['-e', script, '--', COMMAND, 'snapshot', '--pid', String(child.pid)], { timeout: DEADLINE_MS, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.deepEqual(requestsTo(child.pid), [])
  })

  test('passes the refusal of its guard on, with the numbers', async () => {
    const child = await app('asked', { signal: 'SIGUSR2', memoryLimit: 1048576 })
    await refused(child, [], /No heap snapshot was taken: it would need at least \d+ MB .* are left below `memoryLimit`\. .*take the risk with --force/)
    const { code, stdout } = await snapshot('--pid', child.pid, '--json')
    assert.equal(code, 1)
    const { pid, error } = JSON.parse(stdout)
    assert.deepEqual([pid, error.code, error.reason], [child.pid, 'ERR_TIDEMARK_SNAPSHOT_REFUSED', 'memory'])
    assert.ok(error.need > error.available, stdout)
    assert.match(child.said, /error memory/)
    assert.deepEqual(fs.readdirSync(folder), [])
  })

  test('takes the risk where it is told to, and the forked child is what ends', async () => {
    const child = await app('asked', { signal: 'SIGUSR2', memoryLimit: 1048576 })
    const { code, stdout } = await snapshot('--pid', child.pid, '--force', '--json')
    assert.equal(code, 1)
    assert.equal(JSON.parse(stdout).error.code, 'ERR_TIDEMARK_SNAPSHOT_FAILED', stdout)
    assert.ok(isAlive(child))
    assert.deepEqual(fs.readdirSync(folder), [])
  })

  for (const [what, make] of [
    ['that others may write', (file) => { fs.writeFileSync(file, '{}\n'); fs.chmodSync(file, 0o666) }],
    ['of a wrong form', (file) => fs.writeFileSync(file, '{"path":"relative"}\n', { mode: 0o600 })]
  ]) {
    test(`leaves a request ${what} alone, and writes where it always does`, async () => {
      const child = await app('asked', { signal: 'SIGUSR2' })
      const file = requestOf(child.pid)
      make(file)
      try {
        const before = fs.readFileSync(file, 'utf8')
        child.kill('SIGUSR2')
        await until(() => fs.readdirSync(folder).some((name) => /^heapdump-.*\.heapsnapshot$/.test(name)))
        assert.equal(fs.readFileSync(file, 'utf8'), before)
      } finally {
        fs.rmSync(file)
      }
    })
  }
})

describe('nothing is sent', { skip: notLinux }, () => {
  test('to a process that is not Node.js', async () => {
    const child = await launch('sh', ['-c', 'echo; exec sleep 60'])
    await refused(child, [], /\(sleep\) has not loaded tidemark\. Nothing was sent.*start\(\{ signal: 'SIGUSR2' \}\).*TIDEMARK_SIGNAL=SIGUSR2/)
    assert.ok(isAlive(child))
  })

  test('to a Node.js without tidemark', async () => {
    const child = await app('bare')
    await refused(child, [], /\(bare\) has not loaded tidemark/)
    assert.ok(isAlive(child))
  })

  test('to a tidemark that does not listen to this signal', async () => {
    const child = await app('asked')
    await refused(child, [], /has loaded tidemark and does not listen to SIGUSR2/)
    assert.ok(isAlive(child))
    const other = await app('asked', { signal: 'SIGUSR2' })
    await refused(other, ['--signal', 'SIGPWR'], /does not listen to SIGPWR/)
    assert.ok(isAlive(other))
  })

  test('where there is no process', async () => {
    const child = await launch('sh', ['-c', 'echo'])
    await until(() => !isAlive(child))
    await refused(child, [], /There is no process \d+/)
  })

  test('to a zombie', async () => {
    // Its child ends once the parent is a program that waits for none.
    const parent = await launch('sh', ['-c', '(until grep -qx sleep /proc/$$/comm; do :; done) & echo $!; exec sleep 60'])
    const pid = Number(parent.said)
    await until(() => /^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')))
    await refused({ pid }, [], /has ended; its parent has not heard of it yet/)
  })

  test('to a thread', async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    const thread = fs.readdirSync(`/proc/${child.pid}/task`).find((id) => Number(id) !== child.pid)
    await refused({ pid: Number(thread) }, [], new RegExp(`is a thread of process ${child.pid}: use --pid ${child.pid}`))
  })

  test('to a process that is stopped', async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    child.kill('SIGSTOP')
    await refused(child, [], /is stopped .* kill -s CONT/)
  })

  test('to a process of another user', { skip: notRoot }, async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'snapshot', '--pid', String(child.pid)], { uid: NOBODY, gid: NOBODY, cwd: '/', timeout: DEADLINE_MS, encoding: 'utf8' })
    assert.match(stderr, /belongs to user 0, and this command may not signal it/)
    assert.equal(status, 1)
  })

  test('to a process that may not be looked into, and root hears which capability it lacks', async (t) => {
    const child = await launch('sh', ['-c', 'echo; exec sleep 60'])
    const { readFileSync } = fs
    t.mock.method(fs, 'readFileSync', (file, ...rest) => {
      if (file === `/proc/${child.pid}/maps`) throw Object.assign(new Error('denied'), { code: 'EACCES' })
      return readFileSync(file, ...rest)
    })
    // Mocked once: a method that was mocked twice does not come back.
    const { mock } = t.mock.method(process, 'geteuid')
    for (const [uid, advice] of [[NOBODY, /^[^\n]*has rights that this command lacks\. Run it as root\.$/], [0, /even root needs the capability CAP_SYS_PTRACE .*docker run --cap-add SYS_PTRACE/]]) {
      mock.mockImplementation(() => uid)
      assert.throws(() => prove(child.pid, 'SIGUSR2'), advice)
    }
  })

  test('where a request waits already', async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    fs.writeFileSync(requestOf(child.pid), '', { mode: 0o600 })
    const { code, stderr } = await snapshot('--pid', child.pid)
    assert.match(stderr, /is being asked already: '\/tmp\/tidemark-request-\d+-\w+\.json' is there/)
    assert.equal(code, 1)
    fs.rmSync(requestOf(child.pid))
    assert.deepEqual(fs.readdirSync(folder), [])
  })

  test('where a system has no /proc', async () => {
    const child = await app('asked', { signal: 'SIGUSR2' })
    for (const [platform, sentence] of [['darwin', /send it by hand: kill -s USR2 \d+/], ['win32', /writeHeapSnapshot\(\)/]]) {
      const script = `Object.defineProperty(process, 'platform', { value: '${platform}' }); require(${JSON.stringify(COMMAND)})`
      const { status, stderr } = spawnSync(process.execPath, ['-e', script, '--', COMMAND, 'snapshot', '--pid', String(child.pid)], { cwd: '/', timeout: DEADLINE_MS, encoding: 'utf8' })
      assert.match(stderr, sentence)
      assert.equal(status, 1)
    }
    assert.deepEqual(fs.readdirSync(folder), [])
  })
})

describe('a process that does not answer', { skip: notLinux }, () => {
  test('since another handler catches the signal is told as such', async () => {
    const child = await app('deaf')
    await refused(child, ['--timeout', '1'], /has not taken the request within 1 s.*something other than tidemark catches SIGUSR2/)
    assert.match(child.said, /heard/)
    assert.ok(isAlive(child))
  })

  test('since it ends is told as such', async () => {
    const child = await app('ends')
    await refused(child, [], /has ended meanwhile/)
  })

  test('is waited for until the user interrupts, and nothing is left', async () => {
    const child = await app('deaf')
    const { child: command, ended } = start('--pid', child.pid)
    await until(() => child.said.includes('heard'))
    command.kill('SIGINT')
    const { code, stderr } = await ended
    assert.deepEqual({ code, stderr }, { code: 130, stderr: `tidemark: Interrupted. Process ${child.pid} may still write the snapshot.\n` })
    assert.deepEqual(requestsTo(child.pid), [])
  })
})

describe('a request', { skip: notLinux }, () => {
  const file = requestOf(process.pid)
  const put = (text, mode = 0o600) => {
    fs.writeFileSync(file, text, { mode })
    fs.chmodSync(file, mode)
  }

  afterEach(() => fs.rmSync(file, { force: true, recursive: true }))

  test('is gone once it is taken, and the answer goes into what it was', async () => {
    const request = '{"path":"/x","redact":false,"force":true,"timeoutMs":2000}\n'
    put(request)
    const descriptor = fs.openSync(file, 'r')
    const { answer, ...wanted } = await takeRequest()
    assert.deepEqual(wanted, { path: '/x', redact: false, force: true, timeoutMs: 2000 })
    assert.ok(!fs.existsSync(file))
    assert.equal(await takeRequest(), undefined)
    answer({ bytes: 1 })
    assert.equal(fs.readFileSync(descriptor, 'utf8'), `${request}{"bytes":1}\n`)
    fs.closeSync(descriptor)
  })

  test('that does not say so is for a redacted snapshot', async () => {
    put('{}')
    const { answer, ...wanted } = await takeRequest()
    assert.deepEqual(wanted, { path: undefined, redact: true, force: false, timeoutMs: undefined })
    answer({})
  })

  for (const [what, make] of [
    ['that is empty', () => put('')],
    ['that is no JSON', () => put('{"path":')],
    ['that is no object', () => put('[]')],
    ['with a path that is relative', () => put('{"path":"x"}')],
    ['with a path that holds NUL', () => put('{"path":"/x\\u0000"}')],
    ['with what is unknown', () => put('{"method":"in-process"}')],
    ['of a wrong type', () => put('{"redact":"no"}')],
    ['that is too large', () => put(`{}${' '.repeat(16384)}`)],
    ['that the group may write', () => put('{}', 0o620)],
    ['that others may write', () => put('{}', 0o602)],
    ['that is a folder', () => fs.mkdirSync(file)],
    ['that is a FIFO', () => execFileSync('mkfifo', ['-m', '600', file])],
    ['that is a symbolic link', () => {
      fs.writeFileSync(path.join(folder, 'request'), '{}', { mode: 0o600 })
      fs.symlinkSync(path.join(folder, 'request'), file)
    }],
    ['that has another name', () => {
      put('{}')
      fs.linkSync(file, path.join(folder, 'request'))
    }],
    ...notRoot ? [] : [['of another user', () => {
      put('{}')
      fs.chownSync(file, NOBODY, NOBODY)
    }]]
  ]) {
    test(`${what} is left alone`, async () => {
      make()
      const before = fs.lstatSync(file)
      assert.equal(await takeRequest(), undefined)
      const after = fs.lstatSync(file)
      assert.deepEqual([after.ino, after.size, after.mtimeMs], [before.ino, before.size, before.mtimeMs])
    })
  }

  test('of more than a minute ago is left alone', async () => {
    put('{}')
    const { now } = Date
    Date.now = () => now() + 61000
    try {
      assert.equal(await takeRequest(), undefined)
    } finally {
      Date.now = now
    }
    assert.ok(fs.existsSync(file))
  })
})

test('a wrong command line says what is wrong', async () => {
  for (const [args, wanted] of [
    [[], /--pid PID/],
    [['--pid', 'abc'], /--pid to be a whole number/],
    [['--pid', '0'], /no process 0/],
    [['--pid', '1', 'file'], /takes no files, got 1/],
    [['--pid', '1', '--timeout', '0'], /1 to 86400 seconds/],
    [['--pid', '1', '--signal', 'SIGKILL'], /--signal to be one of SIGUSR2/],
    [['--pid', '1', '--signal', 'SIGUSR1'], /opens? its debugger/],
    [['--pid', '1', '--out', ''], /--out to be a path/]
  ]) {
    const { code, stderr } = await snapshot(...args)
    assert.match(stderr, wanted)
    assert.equal(code, 1)
  }
})

/** @returns {string | false} why no namespaces can be made here */
/** It has a /tmp of its own, in which nothing of this clone may lie. */
function noContainer () {
  const script = 'mount -t tmpfs tmpfs /tmp && test -f "$0" && test -f "$1"'
  const made = spawnSync('unshare', ['--mount', '--pid', '--mount-proc', '--fork', '--kill-child', 'sh', '-c', script, PROGRAM, process.execPath])
  return made.status !== 0 && 'no namespaces, or this clone lies in /tmp'
}
