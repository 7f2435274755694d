'use strict'

// What a leak test keeps of a failure, and what GitHub Actions is told of it.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const { annotation } = require('../lib/leak-test/annotations')
const { measureLeak } = require('../lib/leak-test')
const { reportOf } = require('../lib/leak-test/report')
const { run } = require('./helpers/child')

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-artifacts-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

/** Of a leak, as a test has it. */
const RESULT = {
  verdict: 'leaks',
  message: 'grows by 1 Session (112 bytes) a call: held by Map `sessions` (src/auth.js:12)\n  measured: 52,768 calls',
  calls: 52768,
  rounds: [{ calls: 1023, bytes: 114576 }, { calls: 1024, bytes: 114688 }],
  bytesPerCall: 112,
  objectsPerCall: 1,
  suspects: [{
    holder: 'Map `sessions`',
    class: 'Session',
    signature: 'test:Session:auth.js:Map `sessions`',
    objectsPerCall: 1,
    bytesPerCall: 112,
    location: { file: path.resolve('src/auth.js'), line: 12, column: 1, function: null },
    allocated: { file: path.resolve('src/login.js'), line: 4, column: 1, function: 'login' },
    path: ['function login', 'module exports'],
    note: null
  }],
  resources: [],
  notes: [],
  disturbers: [{ kind: 'debugger', message: 'A debugger is open.' }],
  ignored: [],
  files: [],
  elapsedMs: 1234
}

describe('artifacts', () => {
  test('of a leak are its first and last snapshot and a report, which only their owner may read', async () => {
    const sessions = new Map()
    class Session { constructor (id) { this.id = id } }
    const login = () => { sessions.set(`id ${sessions.size}`, new Session(sessions.size)) }
    const directory = path.join(folder, 'new', 'leaks')
    const { verdict, files, message } = await measureLeak(login, { artifacts: directory })
    assert.equal(verdict, 'leaks', message)
    assert.deepEqual(files, ['before.heapsnapshot', 'after.heapsnapshot', 'report.md'].map((name) => path.join(directory, 'login-1', name)))
    assert.ok(message.endsWith(`\n  files: ${files.map((file) => path.relative('.', file)).join(', ')}`))
    for (const file of files) if (process.platform !== 'win32') assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    for (const file of files.slice(0, 2)) assert.ok(JSON.parse(fs.readFileSync(file, 'utf8')).snapshot.node_count > 1000)
    const report = fs.readFileSync(files[2], 'utf8')
    assert.match(report, /^# `login` leaks\n\ngrows by 1 Session/)
    assert.match(report, /\n1\. grows by 1 Session .*`sessions`/)
    assert.match(report, /\nnpx tidemark suspects before\.heapsnapshot after\.heapsnapshot\n/)
    // The next failure of a function of that name takes nothing away.
    const timers = []
    const again = await measureLeak({ login: () => { timers.push(setTimeout(() => {}, 1e6)) } }.login, { artifacts: directory, explain: false })
    for (const timer of timers) clearTimeout(timer)
    assert.deepEqual(again.files, [path.join(directory, 'login-2', 'report.md')])
    assert.deepEqual(fs.readdirSync(directory).sort(), ['login-1', 'login-2'])
  })

  test('of what is clean, and of what throws, are none', async () => {
    const directory = path.join(folder, 'clean')
    const clean = await measureLeak(() => {}, { artifacts: directory })
    assert.deepEqual([clean.verdict, clean.files], ['clean', []])
    let calls = 0
    // Slow, so that objects are counted, and it throws when a snapshot is there.
    const throwsLate = () => {
      for (const endsAt = performance.now() + 2; performance.now() < endsAt;);
      calls++
      if (fs.existsSync(directory) && fs.readdirSync(directory).length > 0) throw new Error('late')
    }
    await assert.rejects(measureLeak(throwsLate, { artifacts: directory, budget: 1000 }), /^Error: late$/)
    assert.ok(calls > 10)
    assert.deepEqual(fs.readdirSync(directory), [])
  })

  test('need a folder that can be made', async () => {
    const file = path.join(folder, 'a-file')
    fs.writeFileSync(file, '')
    await assert.rejects(measureLeak(() => { RESULT.notes.push({}) }, { artifacts: path.join(file, 'below'), explain: false }), { code: 'ENOTDIR' })
    RESULT.notes.length = 0
  })
})

describe('the report', () => {
  test('says what, where, by how much, in which rounds, and what to do', () => {
    const report = reportOf('login', RESULT, ['before.heapsnapshot', 'after.heapsnapshot'])
    for (const part of [
      '# `login` leaks', '| a call adds | 112 bytes |', '| 1,023 | 114,576 | 112.0 |', '- held at `src/auth.js:12`', '- allocated at `src/login.js:4`, by `login`',
      'function login ← module exports', '## Next', 'A debugger is open.', `- Node.js ${process.version}`
    ]) assert.ok(report.includes(part.replaceAll('/', path.sep === '/' ? '/' : '·')), `${part}\n${report}`)
  })

  test('shows no secret, and obeys no name', () => {
    const evil = '<img src=x> [a](http://b) sk_live_abcdefgh12345678'
    const [suspect] = RESULT.suspects
    const report = reportOf(evil, {
      ...RESULT,
      message: `grows: held by ${evil}\n::error::injected`,
      suspects: [{ ...suspect, holder: evil, class: evil, signature: evil, path: [evil, '# heading\n\n# more'] }],
      notes: [evil]
    })
    assert.doesNotMatch(report, /sk_live/)
    // Between backquotes nothing is obeyed.
    assert.doesNotMatch(report.replaceAll(/`[^`\n]*`/g, ''), /<img|\]\(http:|^# (?:heading|more)/m)
  })
})

describe('an annotation', () => {
  test('is one line, with the place, escaped as GitHub wants it', () => {
    const text = annotation('a,b:c', '50% of it\r\nand more', RESULT)
    assert.equal(text, `::error file=src/auth.js,line=12,title=Memory leak in a%2Cb%3Ac::50%25 of it\\u000d%0Aand more`)
  })

  test('and a summary are written where GitHub Actions runs, and nowhere else', async () => {
    const program = path.join(folder, 'fails.js')
    fs.writeFileSync(program, `
      const { assertNoLeak, measureLeak } = require(${JSON.stringify(path.resolve(__dirname, '..', 'lib', 'leak-test'))})
      const kept = []
      const gathers = () => { kept.push({}) }
      measureLeak(gathers, { explain: false })
        .then(() => assertNoLeak(gathers, { explain: false, ...JSON.parse(process.argv[2]) }))
        .catch(({ code }) => { process.exitCode = code === 'ERR_TIDEMARK_LEAK' ? 3 : 4 })`)
    const summary = path.join(folder, 'summary.md')
    const inActions = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
    const asked = await Promise.all([[inActions, {}], [{ GITHUB_ACTIONS: '' }, {}], [{ ...inActions, GITHUB_STEP_SUMMARY: folder }, { annotations: true }], [inActions, { annotations: false }]]
      .map(([env, options]) => run(program, { env, args: [JSON.stringify(options)] })))
    assert.deepEqual(asked.map(({ code }) => code), [3, 3, 3, 3], asked.map(({ stderr }) => stderr).join(''))
    const [told, silent, asWell, refused] = asked.map(({ stdout }) => stdout)
    // What only measures is no failure, and so is told once.
    assert.match(told, /^\n::error title=Memory leak in gathers::`gathers` grows by \d+ bytes a call; [^\n]*\n$/)
    assert.match(asWell, /\n::error /, 'a summary that cannot be written is no failure')
    assert.deepEqual([silent, refused], ['', ''])
    assert.match(fs.readFileSync(summary, 'utf8'), /^# `gathers` leaks\n/)
  })
})
