'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, it } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { rank } = require('../lib/evidence/rank')
const { toFindings } = require('../lib/evidence/retainers/finding')
const { forkObstacle } = require('../lib/snapshot/fork')
const { result } = require('./helpers/child')

const skip = forkObstacle(require('../lib/binding').loadBinding(), {})?.message ?? false

const APP = '/srv/app.js'

function suspect (overrides = {}) {
  return {
    kind: 'container',
    description: 'Map `requests` (context of app.js) holds 10,214 IncomingMessage, 34 MB, +9,800 since the first',
    holder: 'Map `requests` (context of app.js)',
    class: 'IncomingMessage',
    count: 10214,
    bytes: 34e6,
    growth: 32e6,
    countGrowth: 9800,
    confidence: 0.95,
    path: [
      { class: '(synthetic)', edge: null, location: null },
      { class: 'Function', edge: { type: 'property', name: 'request' }, location: { file: APP, line: 5, column: 1, function: null } },
      { class: 'system / Context', edge: { type: 'internal', name: 'context' }, location: { file: APP, line: null, column: null, function: null } },
      { class: 'Map', edge: { type: 'context', name: 'requests' }, location: null }
    ],
    location: { file: APP, line: null, column: null, function: null },
    ...overrides
  }
}

describe('a retainer', () => {
  it('is told with what it holds, why it lives, and what it is the same cause as', () => {
    const [finding] = toFindings([suspect()], 30000)
    assert.equal(finding.key, 'app.js:requests')
    assert.match(finding.description, /holds 10,214 IncomingMessage/)
    assert.deepEqual(finding.links, ['holder:app.js:requests', `file:${APP}`, 'type:IncomingMessage'])
    assert.match(finding.evidence[0].description, /\.request: Function \(app\.js:5\) → Context → variable requests: Map$/)
    assert.equal(finding.location, null)
  })

  it('is one suspect with the container that the census saw', () => {
    const census = {
      ...toFindings([suspect()], 30000)[0], kind: 'container', description: '`requests` in app.js, a Map, grew', links: ['holder:app.js:requests']
    }
    const suspects = rank([census, ...toFindings([suspect()], 30000)], { channel: 'heap', growthRate: 1e6 })
    assert.equal(suspects.length, 1)
    assert.deepEqual(suspects[0].evidence.filter(({ kind }) => kind === 'retainer').length + (suspects[0].kind === 'retainer' ? 1 : 0), 1)
  })

  it('that waits is the same cause as the place where its function allocates', () => {
    const waits = suspect({ kind: 'suspended', holder: 'function ship in app.js:30', description: '9 calls of function ship in app.js:30 do not go on', location: { file: APP, line: 30, column: 21, function: 'ship' } })
    const [finding] = toFindings([waits], 1000)
    assert.ok(finding.links.includes(`function:${APP}:30:21`))
    assert.equal(finding.location.line, 30)
    const [container] = toFindings([suspect({ location: waits.location })], 1000)
    assert.ok(!container.links.some((link) => link.startsWith('function:')), 'a variable of a function is not what the function allocates')
  })

  it('names no key that is data', () => {
    const holder = 'Object `byUser.ann@example.org.x-cut….[7]` (context of app.js)'
    const path = [...suspect().path, { class: 'Object', edge: { type: 'property', name: 'ann@example.org' }, location: null }]
    const [finding] = toFindings([suspect({ holder, description: `${holder} holds 9 Session, 1 MB`, path })], 1000)
    assert.doesNotMatch(JSON.stringify(finding), /ann|example|cut/)
    assert.equal(finding.description, 'Object `byUser.[…].[…].[…]` (context of app.js) holds 9 Session, 1 MB')
    assert.equal(finding.key, 'app.js:byUser.[…].[…].[…]')
  })

  it('is not told where it did not grow, is hardly believed, or is tidemark\'s own', () => {
    assert.deepEqual(toFindings([
      suspect({ growth: null }),
      suspect({ growth: -100, countGrowth: -1 }),
      suspect({ confidence: 0.3 }),
      ...['lib/monitor.js', 'index.js', 'binding.js'].map((name) => suspect({ location: { file: path.join(__dirname, '..', name), line: 1 } }))
    ], 1000), [])
  })
})

describe('the search for retainers', () => {
  let calls
  let retainers
  let alive

  before(() => { alive = setInterval(() => {}, 1000) })
  after(() => clearInterval(alive))

  /** A fresh module: it remembers for its thread when it looked last. */
  function create (overrides) {
    delete require.cache[require.resolve('../lib/evidence/retainers')]
    const { RetainerEvidence } = require('../lib/evidence/retainers')
    calls = []
    let taken = 0
    retainers = new RetainerEvidence({
      async capture () {
        const name = `file ${++taken}`
        calls.push(name)
        return { path: name, bytes: 100, pauseMs: 4, close: async () => { calls.push(`close ${name}`) } }
      },
      async compare (before, after) {
        calls.push(`${before} to ${after}`)
        return [suspect()]
      },
      checkHeadroom () {},
      ...overrides
    })
  }

  const settled = async () => { while (retainers.isPending) await wait(1) }

  beforeEach(() => create())

  it('takes two snapshots, compares them, and closes both', async () => {
    retainers.reported('heap', 2)
    await settled()
    assert.deepEqual(calls, ['file 1', 'file 2', 'file 1 to file 2', 'close file 2', 'close file 1'])
    assert.equal((await retainers.findings('heap')).length, 1)
    assert.equal(retainers.cost.durationMs, 8)
    assert.deepEqual(retainers.problems, [])
  })

  it('takes no more for ten minutes', async () => {
    retainers.reported('heap', 2)
    retainers.reported('external', 2)
    await settled()
    retainers.reported('heap', 2)
    assert.equal(retainers.isPending, false)
    assert.equal(calls.filter((name) => /^file \d$/.test(name)).length, 2)
  })

  it('says nothing of a leak that no heap snapshot shows', async () => {
    retainers.reported('heap', 2)
    await settled()
    assert.deepEqual(await retainers.findings('native'), [])
    assert.deepEqual(await retainers.findings('resources'), [])
    assert.equal((await retainers.findings('external')).length, 1)
  })

  it('does not look where a heap snapshot shows nothing', () => {
    retainers.reported('native', 2)
    retainers.reported('resources', 2)
    assert.deepEqual(calls, [])
  })

  it('ends between the captures when it is stopped', async () => {
    retainers.reported('heap', 1e6)
    await wait(5)
    retainers.stop()
    await settled()
    assert.deepEqual(calls, ['file 1', 'close file 1'])
    assert.deepEqual(retainers.problems, [])
    assert.deepEqual(await retainers.findings('heap'), [])
  })

  for (const step of ['capture', 'compare', 'checkHeadroom']) {
    it(`makes a problem of what '${step}' refuses`, async () => {
      create({ [step]: () => { throw new Error('No heap snapshot was taken: why.') } })
      retainers.reported('heap', 2)
      await settled()
      assert.deepEqual(retainers.problems, ['Who holds what leaks was not looked for. No heap snapshot was taken: why.'])
      assert.equal(calls.filter((call) => call.startsWith('close')).length, calls.filter((call) => /^file \d$/.test(call)).length)
    })
  }
})

describe("with snapshots: 'auto'", { skip, concurrency: 2 }, () => {
  let root
  before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-retainers-')) })
  after(() => rmSync(root, { recursive: true, force: true }))

  async function leak (way, options = {}) {
    const folder = mkdtempSync(path.join(root, 'x-'))
    const told = await result('retainer-leak.js', { args: [way, JSON.stringify(options)], env: { TMPDIR: folder }, deadlineMs: 170000 })
    assert.deepEqual(readdirSync(folder), [])
    return told
  }

  /** Where the file system has no files without a name, they have one while they are written. */
  const withoutUnfinished = (names) => names.filter((name) => !/^\.tidemark-.*\.tmp$/.test(name))

  it('the leak is followed by who holds what grew, and no file is left', { timeout: 180000 }, async () => {
    const { evidence, seen, status, files } = await leak('leak-evidence')
    const [top] = evidence.suspects
    assert.match([top, ...top.evidence].map(({ description }) => description).join('\n'),
      /Map `sessions` \(context of retainer-leak\.js\) holds [\d,]+ Session, .* since the first/)
    assert.match(evidence.message, /Map `sessions`/)
    assert.doesNotMatch(JSON.stringify(evidence), /secret-token/)
    assert.deepEqual(withoutUnfinished(seen), [])
    assert.ok(status.evidence.durationMs.retainers > 0)
    assert.deepEqual(status.problems, [])
    assert.deepEqual(files, [])
  })

  it('messages that nobody reads are told with their port', async () => {
    const { snapshots: { findings: [finding] } } = await result('waits.js', { args: ['messages', 'snapshots'] })
    assert.match(finding.description, /^4,000 messages wait in MessagePort `unread\.port2` \(context of waits\.js\), \d+ kB without their contents, \+3,000 since the first$/)
    assert.equal(finding.evidence[0].holderKind, 'messages')
  })

  it('what waits is told: reactions, async functions, stores of AsyncLocalStorage, closures', async () => {
    const { snapshots: { findings } } = await result('waits.js', { args: ['reactions,async-shared,als,async-own,closures', 'snapshots'] })
    const told = findings.map(({ description, location }) => `${description} @${location?.line}`).join('\n')
    assert.match(told, /Promise `ready` \(context of waits\.js\) is pending: 4,000 calls of `then` with function waits\.js:\d+ hold .*, most of it Order, \+3,000 since the first @\d+$/m)
    assert.match(told, /Promise `opened` .* 4,000 calls of function ship in waits\.js:(\d+) wait for it and hold .*, most of it Order, .* @\1$/m)
    assert.match(told, /Promise `loaded` .* with function waits\.js:\d+ hold .*, most of it \{order\} in stores of AsyncLocalStorage, /m)
    assert.match(told, /Array `kept` .*; by it wait 4,000 calls of function askForever in waits\.js:(\d+) with Order, .* @\1$/m)
    assert.match(told, /function next in waits\.js:\d+ `run` \(context of waits\.js\) is a chain of 4,000 closures, /m)
  })

  it('too little memory is a problem with the two numbers', async () => {
    const { status: { problems } } = await leak('refused', { memoryLimit: 1048576 })
    assert.equal(problems.length, 1)
    assert.match(problems[0], /^Who holds what leaks was not looked for\. .* need at least \d+ MB .* [\d.]+ (?:MB|kB|bytes) are left below `memoryLimit`/)
  })

  it('a worker thread says once that it cannot', async () => {
    const { status: { problems } } = await leak('in-worker')
    assert.equal(problems.filter((problem) => problem.includes('a worker thread cannot be captured')).length, 1)
  })

  it('process.exit() in a capture leaves no file', async () => {
    const { files } = await leak('exit')
    assert.deepEqual(withoutUnfinished(files), [])
  })

  it('a process with nothing else to do ends', async () => {
    assert.deepEqual(await leak('ends'), { problems: [] })
  })
})
