'use strict'

// The live page without a browser; dashboard-page.test.js has one.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { createHash } = require('node:crypto')
const { channel } = require('node:diagnostics_channel')
const { EventEmitter } = require('node:events')
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { openApp } = require('./helpers/app')
const binding = require('../lib/binding').loadBinding()
const { createHandler } = require('../lib/dashboard/handler')
const { Latency } = require('../lib/dashboard/latency')
const { readPage } = require('../lib/dashboard/page')
const { Recordings } = require('../lib/dashboard/recordings')
const { NEWEST, OLDER, Timeline } = require('../lib/dashboard/timeline')
const { Streams } = require('../lib/dashboard/streams')
const { isOurHost, isOurPage } = require('../lib/dashboard/guard')
const { stateInWords } = require('../lib/dashboard/words')
const { FILES, FROM, TO } = require('../scripts/uplot')

const ROOT = path.join(__dirname, '..')
const TIMEOUT = { timeout: 120000 }

/** Of readings, one every two seconds. */
const A_YEAR = 365 * 43200

/** @returns {Promise<{status: number, headers: object, body: string}>} */
function ask (port, url, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    http.request({ port, path: url, method, headers, host: '127.0.0.1', agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => resolve({ status: res.statusCode, headers: res.headers, body }))
    }).on('error', reject).end()
  })
}

/** Reads a stream of events. */
function follow (t, port, url) {
  return new Promise((resolve, reject) => {
    const req = http.get({ port, path: url, host: '127.0.0.1', agent: false }, (res) => {
      const events = []
      const waiting = []
      let rest = ''
      res.setEncoding('utf8').on('data', (chunk) => {
        const blocks = (rest + chunk).split('\n\n')
        rest = blocks.pop()
        for (const block of blocks) {
          const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? []
          if (event !== undefined) events.push({ event, data: JSON.parse(data) })
        }
        for (const wake of waiting.splice(0)) wake()
      })
      const ended = new Promise((done) => res.on('close', done))
      resolve({
        res,
        ended,
        async next (event, wanted = () => true) {
          for (;;) {
            const at = events.findIndex((each) => each.event === event && wanted(each.data))
            if (at >= 0) return events.splice(0, at + 1).at(-1).data
            await new Promise((wake) => { waiting.push(wake) })
          }
        },
        stop: () => req.destroy()
      })
    }).on('error', reject)
    t.after(() => req.destroy())
  })
}

test('the page is one file that loads nothing, under a policy that allows its own style and script alone', TIMEOUT, async (t) => {
  const { port } = await openApp(t, 'dashboard-app.js')
  const { status, headers, body } = await ask(port, '/tidemark')
  assert.equal(status, 200)
  assert.doesNotMatch(body, /<(?:link|img|iframe|form|object|embed)\b|<[^>]*\s(?:src|href="(?!#))|@import|url\(/i)
  const policy = headers['content-security-policy']
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; frame-ancestors 'none'/)
  for (const part of [/<style>(.*?)<\/style>/s, /<script>(.*?)<\/script>/s]) {
    assert.ok(policy.includes(`'sha256-${createHash('sha256').update(part.exec(body)[1]).digest('base64')}'`))
  }
  assert.doesNotMatch(body, /data-action=/, 'no buttons')
  assert.equal((await ask(port, '/tidemark/')).body, body)
  assert.equal((await ask(port, '/tidemark/elsewhere')).body, 'ok', 'what is not of the page goes on')
  assert.equal((await ask(port, '/tidemarkets')).body, 'ok')
  assert.equal((await ask(port, '/tidemark/gc', { method: 'POST', headers: { origin: `http://127.0.0.1:${port}` } })).body, 'ok')
  assert.equal((await ask(port, '/tidemark', { method: 'POST' })).status, 405)
})

for (const framework of ['express', 'express4']) {
  test(`it is mounted in ${framework} as any middleware`, TIMEOUT, async (t) => {
    const { port } = await openApp(t, 'dashboard-app.js', { FRAMEWORK: framework })
    for (const url of ['/tidemark', '/tidemark/', '/tidemark?from=elsewhere']) assert.match((await ask(port, url)).body, /^<!doctype html>/)
    for (const url of ['/', '/tidemarkets', '/tidemark/elsewhere']) assert.equal((await ask(port, url)).body, 'ok')
    const { next } = await follow(t, port, '/tidemark/events')
    assert.equal((await next('view')).title.split(' ')[0], 'tidemark')
    await next('update')
  })
}

describe('side by side', { concurrency: true }, () => {
  for (const source of ['auto', 'perf_hooks']) {
    test(`a leak reaches who looks: readings, trend, verdict and suspect (source: ${source})`, TIMEOUT, async (t) => {
      const { port } = await openApp(t, 'dashboard-app.js', { SOURCE: source })
      const { res, next } = await follow(t, port, '/tidemark/events')
      assert.equal(res.headers['content-type'], 'text/event-stream; charset=utf-8')
      const first = await next('view')
      assert.notEqual(first.state, 'leaking')
      assert.deepEqual(first.facts.find(([name]) => name === 'Samples from')[1], source === 'auto' ? 'V8\'s GC hook' : 'perf_hooks')
      assert.ok(first.limits.some(({ limit }) => limit === 'memoryLimit'))
      const { points } = await next('update', (update) => update.points.some(([, heap]) => heap > 0))
      assert.ok(points.every((point) => point.length === 8))
      await ask(port, '/leak')
      const leaking = await next('update', ({ state, suspects }) => state === 'leaking' && suspects.length > 0)
      assert.match(leaking.sentence, /^The JavaScript heap leaks by .+; .+ is reached in .+\.$/)
      assert.ok(leaking.trend.isLeak && leaking.trend.rate > 0 && leaking.trend.to[1] > leaking.trend.from[1])
      assert.match(leaking.suspects[0].place, /dashboard-app\.js:\d+/)
      assert.match(leaking.told[0].message, /leaks/)
      const served = (await next('update', (update) => update.points.some((point) => point[5] !== null))).points
      assert.ok(served.length > 0)
    })
  }
})

test('one page too many is refused in words, and who goes makes room', TIMEOUT, async (t) => {
  const { port } = await openApp(t, 'dashboard-app.js', { MAX_STREAMS: '2' })
  const open = [await follow(t, port, '/tidemark/events'), await follow(t, port, '/tidemark/events')]
  for (const { next } of open) await next('view')
  const { status, headers, body } = await ask(port, '/tidemark/events')
  assert.equal(status, 503)
  assert.ok(Number(headers['retry-after']) > 0)
  assert.match(body, /^No more than 2 may look at once/)
  open[0].stop()
  for (;;) {
    const { res, next, stop } = await follow(t, port, '/tidemark/events')
    if (res.statusCode === 200) {
      await next('view')
      break
    }
    stop()
  }
})

test('an open page does not keep a server that closes', TIMEOUT, async (t) => {
  const { port, ended } = await openApp(t, 'dashboard-app.js')
  const stream = await follow(t, port, '/tidemark/events')
  await stream.next('view')
  ask(port, '/close').catch(() => {})
  await stream.ended
  assert.equal(await ended, 0)
})

test('a page that comes back after close() is refused, so that the server can end', TIMEOUT, async (t) => {
  let views = 0
  const { handle, streams } = createHandler({ source: { view: () => ({ views: ++views }) }, actions: {}, hosts: [], isHostChecked: false, maxStreams: 5, path: '/' })
  const server = http.createServer((req, res) => handle(req, res))
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => server.close())
  const { port } = server.address()
  const stream = await follow(t, port, '/events')
  streams.close()
  await stream.ended
  const { res, ended } = await follow(t, port, '/events')
  assert.equal(res.statusCode, 503)
  await ended
  assert.equal(views, 1, 'nothing is read for it')
  await new Promise((resolve) => { server.close(resolve) })
})

test('buttons obey the page itself and nobody else', TIMEOUT, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-dashboard-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { port } = await openApp(t, 'dashboard-app.js', { ACTIONS: '1' }, folder)
  const post = (headers) => ask(port, '/tidemark/gc', { method: 'POST', headers })
  assert.match((await ask(port, '/tidemark')).body, /data-action="gc".*data-action="snapshot"/s)
  for (const headers of [
    {},
    { origin: 'https://elsewhere.example' },
    { origin: 'null' },
    { origin: `http://127.0.0.1:${port + 1}` },
    { origin: `http://rebound.example:${port}`, host: `rebound.example:${port}` },
    { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' }
  ]) assert.equal((await post(headers)).status, 403, JSON.stringify(headers))
  assert.equal((await ask(port, '/tidemark/gc')).status, 405)
  const { status, body } = await post({ origin: `http://127.0.0.1:${port}` })
  assert.equal(status, 200, body)
  assert.match(body, /^A full GC took \d+ ms\.$/)
  const taken = await ask(port, '/tidemark/snapshot', { method: 'POST', headers: { origin: `http://127.0.0.1:${port}` } })
  // By fork or not at all, and in words.
  const [, file] = /^(.+\.heapsnapshot) was written: .+, redacted/.exec(taken.body) ?? []
  if (taken.status === 200) assert.deepEqual(readdirSync(folder), [path.basename(file)])
  else assert.match(taken.body, /^(No heap snapshot was taken|The heap snapshot failed)/)
})

test('a host is ours where it is an address, localhost or named', () => {
  for (const host of ['localhost', 'localhost:80', '127.0.0.1:3000', '[::1]:3000', '10.1.2.3', 'ops.example.com:443', 'OPS.example.com']) assert.ok(isOurHost(host, ['ops.example.com']), host)
  for (const host of [undefined, '', 'example.com', 'localhost.example.com', 'ops.example.com.evil', '127.0.0.1.evil.com', 'a:b:c', '[evil]', 'ops.example.com:80:80']) assert.ok(!isOurHost(host, ['ops.example.com']), host)
  assert.ok(isOurPage({ headers: { host: 'ops.example.com', origin: 'https://ops.example.com' } }, ['ops.example.com']))
  assert.ok(!isOurPage({ headers: { host: 'ops.example.com', origin: 'https://ops.example.com.evil' } }, ['ops.example.com']))
})

test('all readers get the same bytes, and who does not keep up is cut off', () => {
  const streams = new Streams(3)
  const readers = ['a', 'a', 'b'].map((subject) => {
    const res = Object.assign(new EventEmitter(), { written: [], writableLength: 0, writeHead () {}, write (bytes) { this.written.push(bytes) }, end () {}, destroy () { this.emit('close') } })
    streams.open(res, subject, {})
    return res
  })
  let made = 0
  streams.send('a', 'update', () => ({ made: ++made }))
  assert.equal(made, 1, 'made once for all')
  assert.equal(readers[0].written[1], readers[1].written[1])
  assert.equal(readers[2].written.length, 1)
  readers[0].writableLength = 2e6
  streams.send('a', 'update', () => ({ made: ++made }))
  assert.equal(streams.count, 2)
  assert.deepEqual(readers.map(({ written }) => written.length), [2, 3, 1])
  streams.send('c', 'update', () => assert.fail('nobody looks at it'))
})

test('a timeline has a bound, keeps the newest as they were and the whole time behind them', () => {
  for (const count of [1, NEWEST, NEWEST + 1, 5000, 100000, A_YEAR]) {
    const timeline = new Timeline()
    for (let i = 0; i < count; i++) timeline.push({ time: i, requests: i % 2 === 0 ? 10 : null, p99Ms: i === 7 ? 99 : 1, rss: i })
    const all = timeline.all()
    assert.ok(all.length <= OLDER + NEWEST, `${all.length} of ${count}`)
    assert.deepEqual(all.slice(-NEWEST).map(({ rss }) => rss), Array.from({ length: Math.min(count, NEWEST) }, (_, at) => at + Math.max(0, count - NEWEST)))
    for (let i = 1; i < all.length; i++) assert.ok(all[i].time > all[i - 1].time)
    assert.ok(all[0].time <= Math.max(1, 4 * count / OLDER), 'begins at the beginning')
    if (count > 7) assert.equal(Math.max(...all.map(({ p99Ms }) => p99Ms)), 99, 'the worst latency is not lost')
    assert.ok(all.every(({ requests }) => requests === null || requests === 10))
  }
})

test('a response that takes nothing does not end the app that is looked at', async (t) => {
  const latency = new Latency()
  latency.start()
  t.after(() => latency.stop())
  const strange = new Proxy({}, { get () { throw new Error('strange') }, set () { throw new Error('strange') } })
  for (const name of ['http.server.request.start', 'http.server.response.finish']) channel(name).publish({ response: strange })
  // Node.js throws later what a subscriber threw, and the test fails by it.
  await new Promise((resolve) => { setImmediate(resolve) })
  assert.equal(latency.look().ended, 0)
})

test('the state is one sentence', () => {
  const ok = { state: 'ok', reason: null }
  const heap = { channel: 'heap', state: 'leaking', level: 80e6, growth: 40e6, growthRate: 1e6, growthRateLow: 9e5, growthRateHigh: 11e5, fullGcs: 24, confidence: 0.99, timeToLimitMs: 182000, limit: 'heap' }
  assert.deepEqual(stateInWords([heap], ok), {
    state: 'leaking',
    title: 'Leaking',
    sentence: 'The JavaScript heap leaks by 1.0 MB/s; V8\'s heap limit is reached in 3 min 2 s.',
    detail: '1.0 MB/s, between 0.9 and 1.1; 40 MB more over 24 full GCs; confidence 99 %.'
  })
  assert.equal(stateInWords([{ channel: 'heap', state: 'steady', level: 80e6, heldBackBy: 'did not grow' }], ok).sentence, 'No leak: the JavaScript heap stands at 80 MB after the last full GC.')
  assert.equal(stateInWords([heap], { state: 'critical', reason: '97 % of it is in use.' }).sentence, '97 % of it is in use.')
  assert.equal(stateInWords([{ channel: 'external', state: 'leaking', growthRate: 1e6, timeToLimitMs: 1000, limit: 'cgroup' }, heap], ok).sentence, 'External memory leaks by 1.0 MB/s; the memory limit of the container is reached in 1 s.')
  assert.equal(stateInWords([{ channel: 'heap', state: 'steady', level: 1 }], { state: 'critical', reason: null }).sentence, 'Little memory is left.')
  assert.equal(stateInWords([], ok).state, 'settling')
})

test('the page writes text and never markup', () => {
  const { html } = readPage([])
  assert.doesNotMatch(html.slice(html.indexOf('const part0')), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\b|new Function|setAttribute\('(?:on|style|href|src)/)
})

test('nothing of it is loaded before it is asked for', TIMEOUT, async (t) => {
  const code = 'const tidemark = require(process.argv[1]); tidemark.start(); console.log(JSON.stringify(Object.keys(require.cache).filter((file) => /lib.dashboard/.test(file))))'
  const { json } = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', code, ROOT], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk) => { said += chunk })
    child.on('error', reject).on('exit', () => resolve({ json: JSON.parse(said) }))
  })
  assert.deepEqual(json, [])
})

test('the charts are uPlot as it is published, with its licence', () => {
  for (const [name, file] of Object.entries(FILES)) assert.deepEqual(readFileSync(path.join(TO, name)), readFileSync(path.join(FROM, file)), name)
})

test('`tidemark dashboard DIR` serves the living and the dead, to this machine alone', TIMEOUT, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-dashboard-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const living = await openApp(t, 'dashboard-app.js', { RECORDER: folder })
  const cli = spawn(process.execPath, [path.join(ROOT, 'bin', 'tidemark.js'), 'dashboard', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => cli.kill('SIGKILL'))
  const port = await new Promise((resolve) => {
    cli.stdout.setEncoding('utf8').on('data', (text) => resolve(Number(/http:\/\/127\.0\.0\.1:(\d+)\//.exec(text)[1])))
  })
  assert.equal((await ask(port, '/', { headers: { host: `rebound.example:${port}` } })).status, 403)
  assert.doesNotMatch((await ask(port, '/')).body, /data-action=/)
  const { next: own } = await follow(t, living.port, '/tidemark/events')
  const { processes: listed } = await own('update', ({ processes }) => processes.length > 0)
  assert.deepEqual(listed.map(({ pid, isThis, key }) => ({ pid, isThis, key })), [{ pid: String(living.child.pid), isThis: true, key: null }], 'the app\'s own page lists them too')
  const { next } = await follow(t, port, '/events')
  const view = await next('view', ({ processes, points }) => processes.length > 0 && points.length > 2)
  const row = view.processes.find(({ pid }) => pid === String(living.child.pid))
  assert.equal(row.isGone, false)
  assert.equal(row.isThis, true)
  living.child.kill('SIGKILL')
  const after = await next('view', ({ processes }) => processes.some(({ isGone }) => isGone))
  assert.equal(after.badge, 'Killed')
  assert.match(after.sentence, /^It was killed or crashed/)
  const { next: other } = await follow(t, port, `/events?subject=${encodeURIComponent('../../../etc/passwd:0')}`)
  assert.equal((await other('view')).processes.find(({ isThis }) => isThis).key, row.key, 'a subject is looked up, never opened')
  cli.kill('SIGINT')
  assert.equal(await new Promise((resolve) => cli.on('exit', resolve)), 0)

  const readFlight = (file) => {
    rmSync(file)
    return binding.readFlight(file)
  }
  const recordings = new Recordings({ listFlights: binding.listFlights, readFlight }, folder, () => false)
  t.after(() => recordings.close())
  assert.equal(recordings.view(row.key).badge, 'Nobody', 'removed between the list and the reading')
})
