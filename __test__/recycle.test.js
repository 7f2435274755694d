'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs/promises')
const { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { describe, test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const binding = require('../binding.js')
const { endingOf } = require('../lib/flight/ending')
const { readIdentity } = require('../lib/flight/identity')
const { Monitor } = require('../lib/monitor')
const { Publisher } = require('../lib/publish')
const { Lock } = require('../lib/recycle/lock')
const { OPTIONS, readOptions, readServers } = require('../lib/recycle/options')
const { Stepping } = require('../lib/recycle/stepping')
const { Turn } = require('../lib/recycle/turn')
const { ask, askWithoutPause } = require('./helpers/keep-alive')
const { run } = require('./helpers/child')
const { createFakeBinding } = require('./helpers/fake-binding')

const DEADLINE = { timeout: 60000 }
const PROGRAMS = path.join(__dirname, 'programs')

function folder (t) {
  const made = mkdtempSync(path.join(os.tmpdir(), 'tidemark-recycle-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function until (condition, what = String(condition)) {
  for (let i = 0; i < 2000 && !condition(); i++) await wait(5)
  assert.ok(condition(), what)
}

describe('the lock', DEADLINE, () => {
  const mark = () => JSON.parse(binding.processMark())
  const inAnHour = () => Date.now() + 3600000
  /** Of a folder, and what its first file is called. */
  const lockOf = (directory) => new Lock(binding, directory, 'shop.recycle')
  const first = (directory) => path.join(directory, 'shop.recycle.1.lock')

  test('is whole, its owner\'s alone, and held until it is released', async (t) => {
    const directory = folder(t)
    const file = first(directory)
    const [one, other] = [lockOf(directory), lockOf(directory)]
    assert.equal(await one.take(60000), undefined)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid)
    assert.equal(await other.take(60000), process.pid)
    await other.release()
    assert.equal(await other.take(60000), process.pid, 'who does not hold it does not release it')
    await one.release()
    assert.equal(await other.take(60000), undefined)
    assert.deepEqual(readdirSync(directory), ['shop.recycle.2.lock'], 'one file at a time, with a number that never comes again')
  })

  const stale = {
    'of a process that has gone': () => ({ ...mark(), pid: 4194303, untilMs: inAnHour() }),
    'of an earlier process of the same number': () => ({ ...mark(), startedTicks: 1, untilMs: inAnHour() }),
    'whose holder should have let go of it': () => ({ ...mark(), untilMs: Date.now() - 1 }),
    'that says it is held for years': () => ({ ...mark(), untilMs: Date.now() + 1e12 })
  }
  for (const [what, content] of Object.entries(stale)) {
    test(`${what} is stale`, { skip: process.platform !== 'linux' }, async (t) => {
      const directory = folder(t)
      writeFileSync(first(directory), JSON.stringify(content()))
      assert.equal(await lockOf(directory).take(60000), undefined)
    })
  }

  test('of a process in another container is held for its time', async (t) => {
    const directory = folder(t)
    writeFileSync(first(directory), JSON.stringify({ ...mark(), pid: 7, pidNamespace: 'pid:[1]', untilMs: inAnHour() }))
    assert.equal(await lockOf(directory).take(60000), 7)
  })

  test('that is torn, empty or noise is held for seconds, since it may be about to be written', async (t) => {
    for (const text of ['', '{"pid": 12', 'null', '\0'.repeat(100000), '{"pid": "1", "untilMs": 1e99}']) {
      const directory = folder(t)
      writeFileSync(first(directory), text)
      assert.equal(await lockOf(directory).take(60000), null)
      const before = Date.now() / 1000 - 60
      utimesSync(first(directory), before, before)
      assert.equal(await lockOf(directory).take(60000), undefined)
    }
  })

  test('that is a folder, a link or another user\'s is not ours to take, and stays', async (t) => {
    const directory = folder(t)
    const file = first(directory)
    mkdirSync(file)
    await assert.rejects(lockOf(directory).take(60000), /is not a file/)
    rmSync(file, { recursive: true })
    symlinkSync('/etc/hostname', file)
    await assert.rejects(lockOf(directory).take(60000), /is a symbolic link/)
    rmSync(file)
    await assert.rejects(lockOf(path.join(directory, 'none')).take(60000), { code: 'ENOENT' })
    if (process.geteuid?.() !== 0) return
    writeFileSync(file, JSON.stringify({ ...mark(), untilMs: 1 }))
    chownSync(file, 12345, 12345)
    await assert.rejects(lockOf(directory).take(60000), /belongs to user 12345/)
    assert.ok(existsSync(file))
  })

  test('is taken beside what a crash left in the middle of it, and leaves nothing itself where the disk is full', async (t) => {
    const directory = folder(t)
    for (let i = 1; i < 1000; i++) writeFileSync(path.join(directory, `.shop.recycle.${process.pid}-0-${i}.unfinished`), '')
    assert.equal(await lockOf(directory).take(60000), undefined)
    const full = folder(t)
    const { writeFile } = fs
    t.mock.method(fs, 'writeFile', async (file) => {
      await writeFile(file, 'half')
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    })
    await assert.rejects(lockOf(full).take(60000), { code: 'ENOSPC' })
    assert.deepEqual(readdirSync(full), [])
  })

  test('is held by one process at a time, also where holders are killed', { skip: process.platform !== 'linux' }, async (t) => {
    const directory = folder(t)
    const args = [directory, path.join(directory, 'proof'), '12']
    const ends = await Promise.all(Array.from({ length: 8 }, () => run('recycle-lock.js', { args })))
    for (const { code, signal, stderr } of ends) assert.ok(code === 0 || signal === 'SIGKILL', stderr)
    assert.ok(ends.some(({ signal }) => signal === 'SIGKILL'))
  })
})

describe('a turn', DEADLINE, () => {
  const options = { intervalMs: 0, mostPerHour: 3 }
  const { service, script } = readIdentity()
  const logOf = (directory) => path.join(directory, `${service}.recycle.json`)
  const steps = (...agesMs) => JSON.stringify(agesMs.map((ageMs) => ({ timeMs: Date.now() - ageMs, pid: 1, script })))

  async function taken (directory, more) {
    const turn = new Turn(binding, directory, { ...options, ...more })
    const answer = await turn.ask(60000)
    await turn.record()
    await turn.release()
    return answer
  }

  test('is counted over processes, and so many within an hour are the bound', async (t) => {
    const directory = path.join(folder(t), 'made')
    for (let i = 0; i < 3; i++) assert.equal((await taken(directory)).isOurs, true)
    const refused = await taken(directory)
    assert.deepEqual([refused.isOurs, refused.isSpent], [false, true])
    assert.match(refused.reason, /^3 processes of this service have stepped aside within the last hour/)
    assert.equal((await taken(directory, { mostPerHour: 100 })).isOurs, true, 'the lock was released')
  })

  test('that is given back counts for nothing', async (t) => {
    const directory = folder(t)
    const turn = new Turn(binding, directory, { intervalMs: 60000, mostPerHour: 1 })
    for (let i = 0; i < 3; i++) {
      assert.equal((await turn.ask(60000)).isOurs, true)
      await turn.release()
      await turn.record()
    }
    assert.equal(existsSync(logOf(directory)), false)
  })

  test('is not taken in a folder that others can change, and follows no link out of it', { skip: process.platform === 'win32' }, async (t) => {
    const directory = folder(t)
    const link = path.join(directory, 'link')
    mkdirSync(path.join(directory, 'real'))
    symlinkSync('real', link)
    await assert.rejects(taken(link), /is a symbolic link/)
    await assert.rejects(taken(`${link}/`), /is a symbolic link/)
    const turn = new Turn(binding, directory, options)
    await turn.ask(60000)
    const outside = path.join(directory, 'outside')
    writeFileSync(outside, 'as it was')
    // One that comes when the log was looked for.
    const { mock } = t.mock.method(fs, 'open', async () => {
      symlinkSync(outside, logOf(directory))
      throw Object.assign(new Error('none'), { code: 'ENOENT' })
    })
    await turn.record()
    mock.restore()
    assert.equal(readFileSync(outside, 'utf8'), 'as it was')
    if (process.geteuid() !== 0) return
    chownSync(directory, 12345, 12345)
    await assert.rejects(taken(directory), /belongs to another user/)
  })

  test('comes when enough time is between two', async (t) => {
    const directory = folder(t)
    writeFileSync(logOf(directory), steps(20000))
    const refused = await taken(directory, { intervalMs: 60000 })
    assert.deepEqual([refused.isOurs, refused.isSpent], [false, false])
    assert.match(refused.reason, /stepped aside 20 s ago/)
    assert.equal((await taken(directory, { intervalMs: 10000 })).isOurs, true)
  })

  test('does not count what is older than an hour, another script\'s, noise, or from a clock that was set back', async (t) => {
    const directory = folder(t)
    const day = 24 * 3600000
    const others = Array.from({ length: 9 }, () => ({ timeMs: Date.now(), script: '/other.js' }))
    for (const text of [steps(day, day, day, day), steps(-day, -day, -day), JSON.stringify(others), '[1, null, {}, {"timeMs": "x"}]', '[{"timeMs":', '', '{}', '\0']) {
      writeFileSync(logOf(directory), text)
      assert.equal((await taken(directory, { intervalMs: 1000 })).isOurs, true, text)
    }
  })

  test('is ours where there is no folder', async () => {
    assert.equal((await taken(undefined)).isOurs, true)
  })

  test('cannot be taken in a folder that is missing or is a file', async (t) => {
    const directory = folder(t)
    await assert.rejects(taken(path.join(directory, 'none', 'none')), { code: 'ENOENT' })
    writeFileSync(path.join(directory, 'file'), '')
    await assert.rejects(taken(path.join(directory, 'file')), /is not a folder/)
  })
})

describe('recycle()', DEADLINE, () => {
  /** Of a process that nobody ends: the app's own function is called instead. */
  function prepare (t, { directory, server, leave, ...options } = {}) {
    const monitor = new Monitor(createFakeBinding())
    const publisher = new Publisher(monitor)
    const said = []
    const left = []
    const stepping = new Stepping({
      monitor,
      binding,
      servers: readServers(server),
      options: readOptions({ leastUptimeMs: 0, jitterMs: 0, noticeMs: 0, leave: leave ?? ((reason) => { left.push(reason) }), ...options }, OPTIONS),
      directory: () => directory,
      reportError: (topic, error) => said.push(error)
    })
    t.after(() => { stepping.stop(); monitor.stop() })
    const tell = (state, timeToLimitMs = null) => publisher.tell('health', { state, reason: `It is ${state}.`, timeToLimitMs })
    return { monitor, publisher, stepping, said, left, tell }
  }

  test('leaves when it is critical, and says so to a readiness check before', async (t) => {
    const { stepping, left, tell, monitor } = prepare(t)
    const seen = []
    stepping.on('state', ({ state }) => seen.push([state, stepping.ready()]))
    assert.equal(monitor.status().running, true)
    tell('leaking')
    assert.deepEqual([stepping.state, stepping.ready()], ['watching', true])
    tell('critical')
    await until(() => left.length === 1)
    assert.deepEqual(left, ['It is critical.'])
    assert.deepEqual(seen, [['waiting', true], ['notice', false], ['draining', false], ['leaving', false]])
    tell('ok')
    assert.equal(stepping.state, 'leaving', 'there is no way back')
  })

  test('waits for what is known of the leak, since that would end with the process, and for no large share of the time left', async (t) => {
    const one = prepare(t)
    one.tell('critical', 3600000)
    await wait(300)
    assert.equal(one.stepping.state, 'waiting')
    one.publisher.tell('reported', { message: 'The heap leaks.' })
    await until(() => one.left.length === 1)
    const other = prepare(t)
    other.tell('critical', 400)
    await until(() => other.left.length === 1)
  })

  test('watches on when it is well again before its turn', async (t) => {
    const { stepping, left, tell } = prepare(t, { jitterMs: 3600000 })
    for (let i = 0; i < 3; i++) {
      tell('critical')
      assert.equal(stepping.state, 'waiting')
      tell('leaking')
      assert.equal(stepping.state, 'watching')
    }
    tell('critical')
    stepping.stop()
    tell('critical')
    await wait(20)
    assert.deepEqual([stepping.state, stepping.ready(), left], ['stopped', true, []])
  })

  test('of a process that is critical soon after its start holds, and says why once', async (t) => {
    const { stepping, left, said, tell } = prepare(t, { leastUptimeMs: 3600000 })
    for (let i = 0; i < 3; i++) {
      tell('critical')
      await until(() => stepping.state === 'held')
      assert.match(stepping.reason, /^It is critical .* after its start, and its replacement would be as soon \(`leastUptimeMs` is 1 h\)\. It is critical\.$/)
      assert.equal(stepping.ready(), true)
      tell('ok')
    }
    assert.deepEqual(left, [])
    assert.equal(said[0].code, 'ERR_TIDEMARK_RECYCLE_HELD')
    stepping.stepAside()
    await until(() => left.length === 1)
  })

  test('holds when the bound of the hour is reached, and goes when another one has left', async (t) => {
    const directory = folder(t)
    const first = prepare(t, { directory, mostPerHour: 1, intervalMs: 0 })
    first.tell('critical')
    await until(() => first.left.length === 1)
    const second = prepare(t, { directory, mostPerHour: 1 })
    second.tell('critical')
    await until(() => second.stepping.state === 'held')
    assert.match(second.said[0].message, /1 processes of this service have stepped aside within the last hour/)
    assert.deepEqual(second.left, [])
  })

  test('goes one at a time', async (t) => {
    const directory = folder(t)
    let inside = 0
    const all = Array.from({ length: 4 }, () => prepare(t, {
      directory,
      intervalMs: 0,
      leave: async () => {
        assert.equal(++inside, 1)
        await wait(20)
        inside--
      }
    }))
    for (const { tell } of all) tell('critical')
    await until(() => all.every(({ stepping }) => stepping.state === 'leaving'))
    await until(() => inside === 0)
    assert.deepEqual(all.flatMap(({ said }) => said), [])
  })

  test('of a folder that cannot be used is one problem, and the process leaves all the same', async (t) => {
    const { stepping, left, said, tell } = prepare(t, { directory: path.join(folder(t), 'none', 'none') })
    tell('critical')
    await until(() => left.length === 1)
    assert.match(stepping.problems[0], /does not wait for its turn, because the folder cannot be used: ENOENT/)
    assert.deepEqual(said.map(({ code }) => code), ['ERR_TIDEMARK_RECYCLE'])
  })

  test('of a function that fails, or a listener that throws, goes on and says so', async (t) => {
    const { stepping, said, tell } = prepare(t, { leave: () => { throw new Error('no pool') } })
    stepping.on('state', () => { throw new Error('a listener') })
    tell('critical')
    await until(() => stepping.problems.length > 0)
    assert.match(stepping.problems[0], /^Stepping aside failed: no pool\.$/)
    assert.ok(said.some(({ code }) => code === 'ERR_TIDEMARK_LISTENER'))
    assert.equal(stepping.state, 'leaving')
  })

  test('ends the connections of a server by its answers, and that server can be closed again', async (t) => {
    const server = http.createServer((req, res) => setTimeout(() => res.end('ok'), req.url === '/slow' ? 200 : 0))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address()
    const { left, tell, stepping } = prepare(t, { server, idleMs: 60000 })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    const other = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => other.destroy())
    assert.equal((await ask(other, port, '/')).closes, false)
    const slow = ask(agent, port, '/slow')
    await wait(50)
    tell('critical')
    await until(() => stepping.state === 'draining' && !server.listening)
    assert.deepEqual(await slow, { body: 'ok', closes: true }, 'an answer that was awaited already')
    await wait(100)
    assert.deepEqual(await ask(other, port, '/'), { body: 'ok', closes: true }, 'a connection that was idle')
    await until(() => left.length === 1)
    await new Promise((resolve, reject) => { server.close((error) => error ? reject(error) : resolve()) })
  })

  test('closes what is idle after its time', async (t) => {
    const server = http.createServer((req, res) => res.end('ok'))
    server.keepAliveTimeout = 0
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { left, tell } = prepare(t, { server, idleMs: 50 })
    const agent = new http.Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    await ask(agent, server.address().port, '/')
    tell('critical')
    await until(() => left.length === 1)
  })

  test('closes what is idle also while it answers over connections that it ends', async (t) => {
    const slow = []
    const server = http.createServer((req, res) => { if (req.url === '/') res.end('ok'); else slow.push(res) })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address()
    const { left, tell } = prepare(t, { server, idleMs: 300 })
    const agent = new http.Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    let isClosed = false
    server.once('connection', (socket) => socket.once('close', () => { isClosed = true }))
    await ask(agent, port, '/')
    const others = new http.Agent({ keepAlive: true })
    t.after(() => others.destroy())
    const answers = Array.from({ length: 20 }, () => ask(others, port, '/slow'))
    await until(() => slow.length === 20)
    tell('critical')
    await until(() => !server.listening)
    for (const response of slow) {
      if (isClosed) break
      await wait(100)
      response.end('ok')
    }
    assert.ok(isClosed)
    assert.ok(slow.some(({ writableEnded }) => !writableEnded), 'before the last answer')
    for (const response of slow) if (!response.writableEnded) response.end('ok')
    await Promise.all(answers)
    await until(() => left.length === 1)
  })

  test('takes servers alone, and options of their types', () => {
    const recycle = require('../lib/recycle')
    for (const server of [7, 'server', {}, [{}], http, new Map(), () => {}, [http.createServer(), null]]) {
      assert.throws(() => recycle(server), { name: 'TypeError', code: 'ERR_TIDEMARK_OPTION', message: /^Expected `server` to be an http\.Server or https\.Server/ })
    }
    for (const [options, message] of [
      [{ drainMs: '30s' }, /`drainMs` to be an integer from 0 to 3600000, got '30s'/],
      [{ drainMs: -1 }, /drainMs/],
      [{ mostPerHour: 0 }, /mostPerHour/],
      [{ jitterMs: NaN }, /jitterMs/],
      [{ directory: '' }, /`directory` to be the path of a folder/],
      [{ leave: true }, /`leave` to be a function/],
      [null, /options/]
    ]) assert.throws(() => recycle(null, options), { name: 'TypeError', code: 'ERR_TIDEMARK_OPTION', message })
    assert.throws(() => recycle(null, { drain: 1 }), { code: 'ERR_TIDEMARK_UNKNOWN_OPTION', message: /Did you mean `drainMs`/ })
    assert.throws(() => recycle.primary({ fork: 1 }), { code: 'ERR_TIDEMARK_OPTION', message: /`fork` to be a function/ })
  })

  test('is one for all servers of a thread', (t) => {
    const recycle = require('../lib/recycle')
    const first = recycle()
    assert.throws(() => recycle(), { code: 'ERR_TIDEMARK_RECYCLE', message: /all servers in an array/ })
    first.stop()
    recycle().stop()
  })

  test('in a worker thread ends the thread by its pool, and never the process', async () => {
    const thread = (options) => new Worker(`
      const { parentPort } = require('node:worker_threads')
      const recycle = require(${JSON.stringify(path.join(__dirname, '..', 'lib', 'recycle'))})
      try {
        recycle(null, { jitterMs: 0, ${options} }).stepAside('full')
      } catch (error) {
        parentPort.postMessage(error.code + error.message)
      }
      setInterval(() => {}, 1000)`, { eval: true })
    for (const [options, expected] of [['leave: (reason) => parentPort.postMessage(reason)', /^full$/], ['', /^ERR_TIDEMARK_OPTION.*`leave` to be a function in a worker thread/]]) {
      const worker = thread(options)
      const [message] = await once(worker, 'message')
      assert.match(message, expected)
      await worker.terminate()
    }
  })
})

test('a process that leaks leaves by itself, and its recorder file says what leaked', DEADLINE, async (t) => {
  const directory = folder(t)
  const { code, stdout } = await run('recycle-leaks.js', { args: [directory], nodeArgs: ['--max-old-space-size=300'] })
  assert.equal(code, 143)
  const states = stdout.trim().split('\n').map((line) => JSON.parse(line))
  assert.deepEqual(states.map(({ state }) => state), ['waiting', 'notice', 'draining', 'leaving'])
  assert.match(states[0].reason, /^The JavaScript heap leaks; V8's heap limit is reached in /)
  const [{ file }] = JSON.parse(binding.listFlights(directory))
  const recording = JSON.parse(binding.readFlight(file))
  assert.deepEqual(endingOf(recording).cause, 'exit')
  assert.equal(recording.isolates[0].health, 'critical')
  assert.match(recording.leaks[0].message, /^The JavaScript heap leaks/)
})

describe('under keep-alive load', { ...DEADLINE, concurrency: 2 }, () => {
  /** A program of this folder, its JSON lines, and how it ended. */
  function start (t, program, argument) {
    const child = spawn(process.execPath, [path.join(PROGRAMS, program), JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    // With its workers.
    t.after(() => { try { process.kill(-child.pid, 'SIGKILL') } catch {} })
    const lines = []
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)))
    return { child, lines, exit: once(child, 'exit') }
  }

  async function serve (t, argument) {
    const started = start(t, 'recycle-server.js', argument)
    await until(() => started.lines.length > 0)
    return { ...started, port: started.lines[0].port }
  }

  for (const [what, argument, expected] of [
    ['that does not listen to SIGTERM', {}, [143, null]],
    ['whose listener of SIGTERM closes the server', { closes: true }, [0, null]],
    ['whose listener of SIGTERM does not end it', { stays: true, options: { drainMs: 1500 } }, [143, null]]
  ]) {
    test(`a process ${what} leaves without a request that fails`, { skip: process.platform === 'win32' }, async (t) => {
      const { child, port, exit } = await serve(t, argument)
      setTimeout(() => child.kill('SIGUSR2'), 300)
      const { answered, closed, failed } = await askWithoutPause(port, { clients: 20 })
      assert.deepEqual(failed, [])
      assert.equal(closed, 20, 'each of them was told')
      assert.ok(answered > 40)
      assert.deepEqual(await exit, expected)
    })
  }

  test('a server that never drains: after drainMs the process leaves all the same', { skip: process.platform === 'win32' }, async (t) => {
    const { child, port, exit, lines } = await serve(t, { options: { drainMs: 500 } })
    const never = ask(new http.Agent(), port, '/never')
    await ask(new http.Agent(), port, '/')
    child.kill('SIGUSR2')
    assert.deepEqual(await exit, [143, null])
    assert.equal((await never).error, 'ECONNRESET')
    assert.match(lines[1].problems[0], /^1 request was not answered within 500 ms/)
  })

  test('a server that was closed already: the process leaves, and that is said', { skip: process.platform === 'win32' }, async (t) => {
    const { child, exit, lines } = await serve(t, { closed: true })
    child.kill('SIGUSR2')
    assert.deepEqual(await exit, [143, null])
    assert.deepEqual(lines[1].problems, ['The server was closed already when this process stepped aside.'])
  })

  /** A cluster whose workers are all told at once. */
  async function clusterUnderLoad (t, argument, enough) {
    const { child, lines } = start(t, 'recycle-cluster.js', argument)
    const seen = (name) => lines.filter((line) => line[name] !== undefined)
    await until(() => seen('listening').length === 3)
    const before = seen('listening').map(({ listening }) => listening)
    setTimeout(() => child.kill('SIGUSR2'), 1000)
    const result = await askWithoutPause(lines[0].port, { clients: 12, until: () => enough(seen) })
    return { before, lines, seen, result }
  }

  test('the workers of a cluster step aside one after another, each when its replacement listens', { skip: process.platform === 'win32' }, async (t) => {
    const directory = folder(t)
    const { before, lines, result, seen } = await clusterUnderLoad(t, { options: { directory } }, (seen) => seen('left').length === 3)
    assert.deepEqual([result.failed, result.refused], [[], 0])
    assert.deepEqual(seen('left').map(({ left }) => left).sort(), [...before].sort())
    for (const { code, signal, replaced } of seen('left')) assert.deepEqual([code, signal, replaced], [143, null, true])
    // Alternately: who listens, who leaves.
    assert.deepEqual(lines.slice(3).filter((line) => line.listening ?? line.left).map((line) => line.left === undefined), [true, false, true, false, true, false])
    for (const pid of before) assert.deepEqual(lines.filter((line) => line.pid === pid && !line.ready).map(({ state }) => state), ['notice', 'draining', 'leaving'])
  })

  test('a worker without a replacement stays, and says why', { skip: process.platform === 'win32' }, async (t) => {
    const directory = folder(t)
    const { before, result, seen } = await clusterUnderLoad(t, { breaks: true, options: { directory } }, (seen) => seen('state').filter(({ state }) => state === 'held').length === 3)
    assert.deepEqual([result.failed, result.refused], [[], 0])
    assert.equal(seen('left').some(({ left }) => before.includes(left)), false)
    for (const { reason } of seen('state').filter(({ state }) => state === 'held')) assert.equal(reason, 'It has no replacement: the replacement ended with code 1.')
    for (const { replaced } of seen('left')) assert.equal(replaced, true, 'the app starts nobody instead of it')
    assert.equal(seen('listening').length, 3)
    assert.equal(readdirSync(directory).some((name) => name.endsWith('.json')), false, 'nobody has stepped aside')
  })

  /** A cluster of one worker that is told, until it is in that state. */
  async function clusterOfOne (t, argument, wanted) {
    const { child, lines } = start(t, 'recycle-cluster.js', { workers: 1, ...argument })
    await until(() => lines.length > 0)
    // In its first half second a worker does not heed it.
    await wait(600)
    child.kill('SIGUSR2')
    await until(() => lines.some(({ state }) => state === wanted))
    return lines
  }

  test('a worker that is stopped while its replacement starts, or cannot give its turn back, does not go on for ever', { skip: process.platform === 'win32' }, async (t) => {
    const stopped = await clusterOfOne(t, { breaks: true, whileReplaced: 'stop' }, 'stopped')
    assert.deepEqual(stopped.flatMap(({ state }) => state ?? []), ['waiting', 'replacing', 'stopped'])
    const options = { directory: folder(t) }
    const held = await clusterOfOne(t, { breaks: true, whileReplaced: 'break the disk', options }, 'held')
    assert.equal(held.find(({ state }) => state === 'held').reason, 'Stepping aside failed: a broken disk.')
  })

  test('a replacement that neither listens nor heeds SIGTERM is killed', { skip: process.platform === 'win32' }, async (t) => {
    const lines = await clusterOfOne(t, { hangs: true }, 'held')
    const left = () => lines.filter(({ left }) => left !== undefined)
    await until(() => left().length > 0)
    assert.deepEqual([left()[0].signal, left()[0].replaced], ['SIGKILL', true])
    assert.match(lines.find(({ state }) => state === 'held').reason, /the replacement does not listen after 2000 ms/)
    assert.equal(lines.filter(({ listening }) => listening).length, 1)
  })

  test('an app that starts a replacement too is told so', { skip: process.platform === 'win32' }, async (t) => {
    const { seen } = await clusterUnderLoad(t, { forks: 'always' }, (seen) => seen('warning').length > 0)
    assert.match(seen('warning')[0].warning, /replaced twice.*fork only `if \(!worker\.exitedAfterDisconnect\)`/s)
  })
})
