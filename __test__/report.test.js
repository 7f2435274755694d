'use strict'

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { spawnSync } = require('node:child_process')
const { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { channel } = require('node:diagnostics_channel')
const { Artifacts } = require('../lib/artifacts')
const { LastWords } = require('../lib/last-words')
const { leakPayload } = require('../lib/leak')
const { Monitor } = require('../lib/monitor')
const { readOptions } = require('../lib/options')
const { Publisher, followLeaks } = require('../lib/publish')
const { Reports, textsOf } = require('../lib/report')
const { checkCommand } = require('../lib/report/check')
const { leakReport } = require('../lib/report/contents')
const { MOST_BYTES } = require('../lib/markdown')
const { redactSecrets, redactSentence } = require('../lib/report/redact')
const { fillMany } = require('../scripts/heap-limit-reports')
const { createFakeBinding, leakRecord } = require('./helpers/fake-binding')
const { run, runIn } = require('./helpers/child')
const { data } = require('./names.json')

const OWN = /^tidemark-.+\.(?:md|json|svg)$/

function folder (t) {
  const made = mkdtempSync(path.join(os.tmpdir(), 'tidemark-report-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function until (condition) {
  for (let i = 0; i < 2000 && !condition(); i++) await wait(5)
  assert.ok(condition())
}

const SUSPECT = {
  kind: 'container',
  key: 'app.js:sessions',
  description: '`sessions` in app.js, a Map, grew from 441,000 to 657,000 entries in 4 s',
  bytes: 97236000,
  growth: 31968000,
  share: 0.8,
  confidence: 0.95,
  location: { file: path.resolve('src/app.js'), line: 12, column: 3, function: 'login' },
  evidence: [{ kind: 'route', description: 'POST /login keeps 40 of 40 requests' }, { kind: 'site', description: 'the function at app.js:12 allocates what stays' }]
}

function leakOf (suspects) {
  return leakPayload(leakRecord(), (atMs) => new Date(1.7e12 + atMs), { detector: 'trend' }, suspects)
}

/** What a report is made of, beside the leak. */
function factsFor (leak, { problems = [], evidence = [] } = {}) {
  return {
    status: { uptimeMs: 97000, evidence: { collecting: false }, memory: { rss: 2e8, heapSizeLimit: 4e9, usedHeapSize: 5e7 }, problems },
    options: readOptions({ evidence }),
    identity: { name: 'shop', version: '1.0.0', node: '20.0.0', platform: 'linux-x64', args: [], nodeArgs: [], startedMs: 1.7e12 },
    health: { state: 'leaking', reason: 'The JavaScript heap leaks.' },
    command: checkCommand(leak),
    written: new Date(1.7e12)
  }
}

/** All three texts of a report whose names are these. */
function textsFor (suspects, { leak = leakOf(suspects), ...more } = {}) {
  return textsOf('tidemark-shop', leakReport({ ...factsFor(leak, more), leak, suspects, state: 'leaking' }), history())
}

function history () {
  const samples = Array.from({ length: 1000 }, (_, i) => ({ time: new Date(1.7e12 + 1000 * i), usedHeapSize: 1e7 + 1e4 * i + (i % 7) * 1e5, totalHeapSize: 6e7, externalMemory: 1e6, rss: 2e8 }))
  return { samples, coarse: [{ start: new Date(1.69e12), end: new Date(1.69e12 + 1e4), heap: { min: 9e6 } }] }
}

describe('a report', () => {
  test('says the verdict and why, numbers, suspects with place, route and holder, limits, what was not seen, and how a fix is checked', () => {
    const { md, json, svg } = textsFor([SUSPECT, { ...SUSPECT, kind: 'site', key: 'x', evidence: [], location: null }])
    for (const part of ['# The JavaScript heap leaks', 'Why: What is left after a full GC rose over 12 of them', '| pace | 13 MB/min, between 12 and 14 |', '`src/app.js:12 login`',
      'route: POST /login keeps 40 of 40 requests', 'held by: itself', 'held by: not known', '## Not seen', 'Not looked for, since `evidence` leaves it out',
      'node --require tidemark/register', '"signature":"tidemark:heap:container:app.js:sessions"', 'V8\'s heap: 50 MB of 4.0 GB', 'tidemark-shop.svg']) {
      assert.ok(md.includes(part), `${part} in\n${md}`)
    }
    const read = JSON.parse(json)
    assert.deepEqual(read.schema, { name: 'tidemark-report', version: 1 })
    assert.equal(read.suspects[0].heldBy, SUSPECT.description)
    assert.equal(read.nearHeapLimit, null)
    assert.match(svg, /<title id="title">The JavaScript heap leaks<\/title>\n<desc id="desc">JavaScript heap after full GCs from 9\.0 MB/)
    assert.match(svg, /prefers-color-scheme:dark/)
    assert.doesNotMatch(svg, /NaN|undefined|<script|href/)
    assert.ok(svg.length < 16000, 'of many readings the lowest are drawn')
  })

  test('has at most 5 kB, however much there is to say', () => {
    const long = { ...SUSPECT, description: `${SUSPECT.description} ${'and more of it, '.repeat(60)}`, key: 'k'.repeat(300), location: { ...SUSPECT.location, file: `/${'folder/'.repeat(60)}app.js`, function: 'handle'.repeat(20) }, evidence: Array.from({ length: 12 }, () => ({ kind: 'site', description: '<>&'.repeat(300) })) }
    const { md } = textsFor(Array.from({ length: 8 }, () => long), { problems: Array(20).fill('`snapshots`: '.repeat(30)) })
    assert.ok(Buffer.byteLength(md) <= MOST_BYTES, String(Buffer.byteLength(md)))
    assert.match(md, /## Check a fix/)
  })

  test('shows no secret, whichever text it is in, and what is no secret stays', () => {
    for (const secret of data) {
      const text = `\`cache.${secret}\` in app.js, a Map, of ${secret}; GET /reset/${secret}?token=${secret}`
      const all = { ...SUSPECT, key: `app.js:${secret}`, description: text, location: { ...SUSPECT.location, function: secret }, evidence: [{ kind: 'route', description: text }, { kind: 'path', description: text }] }
      for (const written of Object.values(textsFor([all, { ...all, kind: 'route' }]))) {
        assert.equal(written.includes(secret), false, secret)
      }
    }
    const shown = ['mail to […] now', '/home/a/[…]/app.js', 'https://[…]@host/x?[…]', 'Authorization: […]', 'card […]', 'in chunk-4f3a2b1c.js:12', 'password=[…]&x', 'DB_PASSWORD=[…]', 'accessToken: […]', 'Authorization: Basic […]']
    const given = ['mail to ann.smith+news@mail.example.com now', '/home/a/3f2b8c1e-9d4a-4f6b-8e7c-1a2b3c4d5e6f/app.js', 'https://ann:hunter2@host/x?a=b&c=d', 'Authorization: Bearer', 'card 4111 1111 1111 1111', 'in chunk-4f3a2b1c.js:12', 'password=hunter2&x', 'DB_PASSWORD=hunter', 'accessToken: correcthorse', 'Authorization: Basic dXNlcjpwYXNz']
    assert.deepEqual(given.map(redactSecrets), shown)
    for (const sentence of [SUSPECT.description, 'over 12 full GCs and 4,000 requests to GET /products/:id the heap rose by 1.2 kB ± 300 bytes with each',
      'it lives because of ._events: Object → .request: Function (app.js:5:12) → Context → variable requests: Map']) {
      assert.equal(redactSentence(sentence), sentence)
    }
  })

  test('takes names for text: no markup, link, table or line of theirs is obeyed', () => {
    const hostile = 'app](https://evil.example) | <img src=x onerror=alert> **b** `\n# Heading\n```sh\nrm -rf\n``` www.evil.example @everyone &amp; $(id) </desc><script>'
    const evil = { ...SUSPECT, description: hostile, key: hostile, location: { file: `/x/${hostile}`, line: 1, column: 1, function: hostile }, evidence: [{ kind: 'route', description: hostile }] }
    const leak = { ...leakOf([evil]), message: hostile, signature: `it's $(id) \`id\` ${hostile}` }
    const { md, svg } = textsFor([evil], { leak, problems: [hostile] })
    const outside = md.split('\n').filter((line) => !line.startsWith('```')).join('\n').replaceAll(/`[^`\n]*`/g, '').replace(/TIDEMARK_FORMAT[^]*still leaks'/, '')
    assert.doesNotMatch(outside, /<|\]\((?!tidemark-shop)|https?:\/\/|www\.|@|\n# H|\*\*b/)
    const command = /```+sh\n([^]*?)\n```/.exec(md)[1].split('\n')
    assert.equal(command.length, 3)
    assert.match(command[2], /^grep -F '(?:[^']|'\\'')*' tidemark\.log && echo 'it still leaks'$/)
    assert.doesNotMatch(svg, /<script|<img/)
  })
})

/** A monitor without V8 whose reports go into a folder, and how it is told. */
function follow (t, options, onFinished = () => {}) {
  const monitor = new Monitor(createFakeBinding())
  monitor.start({ evidence: [] })
  const publisher = new Publisher(monitor)
  const read = readOptions(options)
  const reports = new Reports(monitor, read, { ...read.report, leaks: true }, onFinished)
  reports.start()
  t.after(() => { reports.stop(); monitor.stop() })
  return { monitor, reports, tell: (chapter, details) => publisher.tell(chapter, details) }
}

describe('`report`', () => {
  test('writes one report a leak, anew when evidence comes and when it recovers, and each event says where', async (t) => {
    const directory = path.join(folder(t), 'reports')
    const finished = []
    const { tell, reports } = follow(t, { report: directory }, (file) => finished.push(file))
    const leak = leakOf([])
    tell('reported', leak)
    assert.ok(leak.report.startsWith(directory) && leak.report.endsWith('.md'))
    await until(() => finished.length === 1)
    const json = () => JSON.parse(readFileSync(leak.report.replace(/md$/, 'json'), 'utf8'))
    assert.deepEqual([json().state, json().suspects.length], ['leaking', 0])
    assert.equal(statSync(leak.report).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    const evidence = { channel: 'heap', suspects: [SUSPECT], report: null }
    tell('evidence', evidence)
    assert.equal(evidence.report, leak.report)
    await until(() => finished.length === 2)
    assert.equal(json().suspects.length, 1)
    tell('recovered', { channel: 'heap' })
    await until(() => finished.length === 3)
    assert.equal(json().state, 'recovered')
    const again = leakOf([])
    tell('reported', again)
    assert.notEqual(again.report, leak.report, 'another leak is another report')
    await until(() => finished.length === 4)
    assert.deepEqual(reports.problems, [])
    assert.deepEqual(readdirSync(directory).filter((name) => !OWN.test(name)), [])
  })

  test('keeps so many and removes only its own', async (t) => {
    const directory = folder(t)
    const { tell, reports } = follow(t, { report: { directory, keep: 2 } })
    const own = (day, kind) => `tidemark-tidemark-202001${day}T000000000Z-1-0-1.${kind}`
    const head = '{\n  "schema": {\n    "name": "tidemark-report"'
    const stay = ['tidemark-other-20200101T000000000Z-1-0-1.json', 'notes.md', own('09', 'md.txt'), own('08', 'json'), own('08', 'md')]
    for (const name of stay) writeFileSync(path.join(directory, name), '{}')
    for (const day of ['01', '02', '03']) for (const kind of ['md', 'json']) writeFileSync(path.join(directory, own(day, kind)), head)
    const [forgotten, fresh] = [`${own('05', 'md')}.1-0-1.tmp`, `${own('06', 'md')}.1-0-1.tmp`]
    for (const name of [forgotten, fresh]) writeFileSync(path.join(directory, name), '')
    utimesSync(path.join(directory, forgotten), 1, 1)
    for (let i = 0; i < 2; i++) {
      const leak = leakOf([])
      tell('reported', leak)
      await until(() => readdirSync(directory).includes(path.basename(leak.report)))
      tell('recovered', { channel: 'heap' })
    }
    await until(() => !readdirSync(directory).includes(own('03', 'md')))
    const names = readdirSync(directory)
    for (const name of [...stay, fresh]) assert.ok(names.includes(name), name)
    for (const name of [forgotten, own('01', 'json'), own('02', 'md')]) assert.equal(names.includes(name), false, name)
    assert.deepEqual(reports.problems, [])
  })

  test('keeps its newest reports when the clock is set back', async (t) => {
    const directory = folder(t)
    const future = ['tidemark-tidemark-29990101T000000000Z-1-0-1', 'tidemark-tidemark-29990102T000000000Z-1-0-1'].map((name) => path.join(directory, `${name}.json`))
    for (const file of future) writeFileSync(file, '{\n  "schema": {\n    "name": "tidemark-report"')
    const finished = []
    const { tell } = follow(t, { report: { directory, keep: 2 } }, (file) => finished.push(file))
    tell('reported', leakOf([]))
    await until(() => finished.length === 1)
    const names = readdirSync(directory)
    assert.ok(names.includes(path.basename(finished[0])))
    assert.equal(names.includes(path.basename(future[0])), false)
    assert.ok(names.includes(path.basename(future[1])))
  })

  test('a full disk is a problem, and nothing partial stays', { skip: !mounts() && 'wants root, to mount a small file system' }, async (t) => {
    const directory = folder(t)
    const program = `
      const tidemark = require(${JSON.stringify(path.join(__dirname, '..'))})
      tidemark.start({ report: ${JSON.stringify(directory)}, detector: 'memwatch', consecutive: 2, channels: ['heap'], evidence: [] })
      const kept = []
      const leaking = setInterval(() => { for (let i = 0; i < 20000; i++) kept.push({ i }); tidemark.gc() }, 20)
      tidemark.once('leak', () => setInterval(() => {
        const { problems } = tidemark.status()
        if (problems.length === 0) return
        clearInterval(leaking)
        // What is being written anew just then ends as well.
        setTimeout(() => {
          console.log(JSON.stringify({ problems, names: require('fs').readdirSync(${JSON.stringify(directory)}) }))
          process.exit()
        }, 500)
      }, 20))`
    const file = path.join(folder(t), 'full.js')
    writeFileSync(file, program)
    const { json, stderr } = await runIn(['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=4k none ${directory} && exec "$@"`, 'sh'], file)
    assert.match(json?.problems.join() ?? stderr, /`report`: .* cannot be written: .*(?:ENOSPC|no space)/)
    assert.deepEqual(json.names, [])
  })

  test('follows no link that somebody has put where a report goes', async (t) => {
    const directory = folder(t)
    const { tell } = follow(t, { report: directory })
    const victim = path.join(directory, 'victim')
    writeFileSync(victim, 'mine')
    const leak = leakOf([])
    tell('reported', leak)
    symlinkSync(victim, leak.report)
    await until(() => !readFileSync(leak.report, 'utf8').includes('mine'))
    assert.equal(readFileSync(victim, 'utf8'), 'mine')
  })

  test('of a folder that cannot be used is one problem, said at the start', async (t) => {
    const made = folder(t)
    const [file, link, full] = ['file', 'link', 'full'].map((name) => path.join(made, name))
    writeFileSync(file, '')
    symlinkSync(made, link)
    mkdirSync(full)
    for (const [directory, expected] of [[path.join(made, 'no', 'such'), /there is no such folder/], [file, /is not a folder/], [link, /is a symbolic link/], ['/proc', /cannot be written/]]) {
      const { reports, tell } = follow(t, { report: directory })
      if (directory !== '/proc') await until(() => reports.problems.length === 1)
      tell('reported', leakOf([]))
      await until(() => reports.problems.length === 1)
      assert.match(reports.problems[0], expected)
    }
  })

  test('is a folder, or a folder and how many are kept', () => {
    assert.deepEqual(readOptions({ report: 'x' }).report, { directory: 'x', keep: 10 })
    assert.deepEqual(readOptions({ report: { directory: 'x', keep: 3 } }).report, { directory: 'x', keep: 3 })
    for (const wrong of ['', 5, {}, [], null, { directory: 'x', keep: 0 }, { directory: 'x', other: 1 }]) {
      assert.throws(() => readOptions({ report: wrong }), { code: 'ERR_TIDEMARK_OPTION', message: /`report`/ })
    }
  })
})

describe('`onArtifact`', () => {
  function artifacts (t, command, timeoutMs = 60000) {
    const made = new Artifacts({ command, timeoutMs })
    made.start()
    t.after(() => made.stop())
    return made
  }

  test('runs the command for each file, one after the other, with the path as its last argument and no shell', async (t) => {
    const directory = folder(t)
    const log = path.join(directory, 'log')
    const made = artifacts(t, [process.execPath, '-e', `require('fs').appendFileSync(${JSON.stringify(log)}, process.argv.slice(1).join() + '\\n')`, '$(id)'])
    made.finished('/a b;$(touch x)')
    made.finished('/c')
    made.finished('/c')
    channel('tidemark:snapshot').publish({ path: '/snapshot' })
    channel('tidemark:snapshot').publish({ path: '/failed', error: new Error() })
    const lines = () => { try { return readFileSync(log, 'utf8').trim().split('\n') } catch { return [] } }
    await until(() => lines().length === 3)
    assert.deepEqual(lines(), ['$(id),/a b;$(touch x)', '$(id),/c', '$(id),/snapshot'])
    assert.deepEqual(made.problems, [])
  })

  test('that fails, hangs or is not there is one problem; what waits is bounded, and ends with what it has started', async (t) => {
    const pid = path.join(folder(t), 'pid')
    for (const [command, expected, timeoutMs] of [
      [['/no/such'], /'\/no\/such' cannot be started: .*ENOENT, for '\/x'/],
      [[process.execPath, '-e', 'process.exit(3)'], /ended with code 3/],
      [['sh', '-c', `sleep 600 & echo $! > ${pid}; wait`], /was ended after 300 ms/, 300]
    ]) {
      const made = artifacts(t, command, timeoutMs)
      made.finished('/x')
      await until(() => made.problems.length === 1)
      assert.match(made.problems[0], expected)
    }
    await until(() => !isAlive(Number(readFileSync(pid, 'utf8'))))
    const made = artifacts(t, ['sleep', '600'], 300)
    for (let i = 0; i < 30; i++) made.finished(`/${i}`)
    assert.match(made.problems[0], /more than 16 files wait/)
  })

  test('is a program with arguments', () => {
    assert.deepEqual(readOptions({ onArtifact: { command: ['a'] } }).onArtifact, { command: ['a'], timeoutMs: 60000 })
    for (const wrong of ['aws', {}, { command: 'aws' }, { command: [] }, { command: [''] }, { command: ['a\0'] }, { command: ['a'], timeoutMs: 1 }, { command: ['a'], shell: true }]) {
      assert.throws(() => readOptions({ onArtifact: wrong }), { code: 'ERR_TIDEMARK_OPTION', message: /`onArtifact`/ })
    }
  })
})

function mounts () {
  return process.platform === 'linux' && process.getuid() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0
}

/** Not one that has ended and waits to be asked for its code. */
function isAlive (pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('an app that leaks has a report, and the preload says where', { timeout: 120000 }, async (t) => {
  const directory = folder(t)
  const { code, stderr } = await run('leaks-until-reported.js', {
    args: [directory],
    nodeArgs: ['--require', path.join(__dirname, '..', 'lib', 'register.js')],
    env: { TIDEMARK_REPORT: directory, TIDEMARK_DETECTOR: 'memwatch', TIDEMARK_CONSECUTIVE: '3', TIDEMARK_CHANNELS: 'heap' },
    deadlineMs: 100000
  })
  assert.equal(code, 0, stderr)
  const [, file] = /Report: (\S+\.md)/.exec(stderr)
  assert.match(readFileSync(file, 'utf8'), /^# The JavaScript heap leaks/)
})

test('report, recorder and termination message are complete when V8\'s heap is full', { timeout: 300000 }, async () => {
  const { runs, complete, faults } = await fillMany({ runs: 1 })
  assert.deepEqual(faults, [])
  assert.equal(complete, runs)
})

test('what a report says at the end of a process has marks for that moment where names cannot be', () => {
  const marks = { sentence: '{{v8:sentence}}', object: '{{v8:object}}' }
  const report = leakReport({ ...factsFor(leakOf([SUSPECT])), leak: { ...leakOf([SUSPECT]), message: Object.values(marks).join(' ') }, suspects: [SUSPECT], state: 'leaking' })
  const { md, json } = textsOf('tidemark-shop', report, history(), marks)
  assert.equal(md.split(marks.sentence).length, 2, 'names are escaped')
  assert.equal(json.split(`"${marks.object}"`).length, 2)
  assert.match(json, /^ {2}"nearHeapLimit": "\{\{v8:object\}\}",$/m)
})

test('the nearer of two limits is drawn', () => {
  const report = leakReport({ ...factsFor(leakOf([])), leak: leakOf([]), suspects: [], state: 'leaking' })
  const { svg } = textsOf('x', { ...report, channel: 'native', limits: { container: { limit: 8e9 }, memoryLimit: 250e6 } }, history())
  assert.match(svg, /limit, 250 MB/)
})

test('evidence that goes on is said of a leak that goes on, and not of one that is over', () => {
  const facts = factsFor(leakOf([]))
  facts.status.evidence.collecting = true
  const notSeen = (state) => leakReport({ ...facts, leak: leakOf([]), suspects: [], state }).notSeen.join()
  assert.match(notSeen('leaking'), /Evidence is still being collected/)
  assert.doesNotMatch(notSeen('recovered'), /Evidence is still being collected/)
})

test('who followed the leaks before hears where the report is', (t) => {
  const monitor = new Monitor(createFakeBinding())
  const heard = []
  followLeaks(monitor, (chapter, { report }) => { if (chapter === 'reported') heard.push(report) })
  const status = monitor.status.bind(monitor)
  monitor.status = () => ({ uptimeMs: 1, evidence: { collecting: false }, ...status() })
  const reports = new Reports(monitor, readOptions({}), { directory: folder(t), keep: 10, leaks: true }, () => {})
  reports.start()
  new Publisher(monitor).tell('reported', leakOf([SUSPECT]))
  reports.stop()
  assert.match(heard[0], /tidemark-.*\.md$/)
})

test('without reports of leaks, what is prepared for a full heap is about the leak that was reported', (t) => {
  const monitor = new Monitor(createFakeBinding())
  const status = monitor.status.bind(monitor)
  monitor.status = () => ({ uptimeMs: 1, evidence: { collecting: false }, ...status() })
  const directory = folder(t)
  const reports = new Reports(monitor, readOptions({}), { directory, keep: 10, leaks: false }, () => {})
  reports.start()
  const leak = leakOf([SUSPECT])
  new Publisher(monitor).tell('reported', leak)
  const [{ text }] = reports.lastWords({ sentence: 'S', object: 'O' }).filter(({ path: file }) => file.endsWith('.md'))
  reports.stop()
  assert.match(text, /grew from 441,000 to 657,000 entries/)
  assert.equal(leak.report, null)
  assert.deepEqual(readdirSync(directory), [])
})

test('a Node.js that does not tell of its heap limit is one problem, in words', () => {
  const asked = []
  const native = { watchHeapLimit: () => 'this Node.js does not export x', prepareLastWords: () => asked.push('prepared') }
  const words = new LastWords(new EventEmitter(), native, [])
  words.start()
  words.tick()
  words.stop()
  assert.deepEqual(words.problems, ['`reportNearHeapLimit`: it does nothing: this Node.js does not export x.'])
  assert.deepEqual(asked, [])
})
