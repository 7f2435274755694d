'use strict'

const assert = require('node:assert/strict')
const { performance } = require('node:perf_hooks')
const { after, before, beforeEach, describe, it } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Evidence } = require('../lib/evidence')

const SAMPLE = { fullGcs: 3, levels: { heap: 1e6 } }

function fakeSource (overrides = {}) {
  const calls = []
  return {
    calls,
    cost: { durationMs: 1 },
    problems: [],
    start () { calls.push('start') },
    tick () { calls.push('tick') },
    stop () { calls.push('stop') },
    async findings () { return [] },
    ...overrides
  }
}

const LEAK = { channel: 'heap', growthRate: 1 }
/** So little time is left that nobody waits for sources to ripen. */
const SOON_MS = 400

const suspicion = { channel: 'heap', to: 'suspect' }
const calm = { channel: 'heap', to: 'steady' }
const leak = { channel: 'heap', to: 'leaking', event: 'leak' }
const recovered = { channel: 'heap', to: 'steady', event: 'recovered' }

const FINDING = {
  kind: 'route',
  key: 'GET /a',
  description: 'GET /a keeps 100 % of its requests',
  bytes: null,
  growth: null,
  intervalMs: null,
  confidence: 1,
  weight: 1,
  location: null,
  links: [],
  evidence: []
}

describe('the evidence ladder', () => {
  let source
  let standing
  let made
  let evidence

  // The ladder's own timers keep no process alive.
  let alive
  before(() => { alive = setInterval(() => {}, 1000) })
  after(() => clearInterval(alive))

  beforeEach(() => {
    source = fakeSource()
    standing = fakeSource()
    made = 0
    evidence = new Evidence(['routes', 'listeners'], (name) => {
      made++
      return { routes: source }[name]
    }, { listeners: standing })
  })

  it('believes a small claim once it has grown beyond what evidence itself takes', async () => {
    const claim = (growth) => ({ channel: 'heap', growth, growthRate: 1, startMs: 0 })
    const now = performance.now()
    evidence.follow(suspicion, now)
    const certain = evidence.certain(claim(8e6), now, () => claim(20e6))
    assert.notEqual(certain, true)
    assert.equal(await certain, true)
    assert.equal(await evidence.certain(claim(8e6), now, () => undefined), false)
    assert.equal(evidence.certain(claim(20e6), now, () => undefined), true)
    evidence.stop()
  })

  it('makes no source before the first suspicion', () => {
    evidence.tick(0, SAMPLE)
    evidence.follow(calm, 1)
    assert.equal(made, 0)
    assert.equal(evidence.running, false)
  })

  it('starts with a suspicion and goes away some seconds after it ended', () => {
    evidence.follow(suspicion, 1000)
    assert.deepEqual(source.calls, ['start'])
    evidence.follow(calm, 5000)
    evidence.tick(6000, SAMPLE)
    assert.equal(evidence.running, true)
    evidence.tick(26000, SAMPLE)
    assert.equal(evidence.running, false)
    assert.deepEqual(source.calls, ['start', 'tick', 'stop'])
  })

  it('goes on when the suspicion comes back at once', () => {
    evidence.follow(suspicion, 1000)
    evidence.follow(calm, 5000)
    evidence.follow(suspicion, 9000)
    evidence.tick(60000, SAMPLE)
    assert.deepEqual(source.calls, ['start', 'tick'])
  })

  it('goes on while another channel is suspicious', () => {
    evidence.follow(suspicion, 1000)
    evidence.follow({ channel: 'external', to: 'suspect' }, 1000)
    evidence.follow(calm, 2000)
    evidence.tick(60000, SAMPLE)
    assert.equal(evidence.running, true)
  })

  it('looks once more some time after a leak was told, and then rests', () => {
    evidence.follow(suspicion, 0)
    evidence.follow(leak, 20000)
    evidence.reported('heap', 20000)
    evidence.reported('heap', 40000)
    assert.equal(evidence.tick(49000, SAMPLE), false)
    assert.equal(evidence.tick(51000, SAMPLE), true)
    assert.equal(evidence.tick(53000, SAMPLE), false)
    evidence.stopUnlessPending()
    assert.equal(evidence.running, false)
  })

  it('does not spend the second look while the claim is not told yet', () => {
    evidence.follow(leak, 0)
    assert.equal(evidence.tick(60000, SAMPLE), false)
    assert.equal(evidence.running, true)
    evidence.reported('heap', 70000)
    assert.equal(evidence.tick(90000, SAMPLE), false)
    assert.equal(evidence.tick(101000, SAMPLE), true)
  })

  it('keeps the second look for a leak that is over at that moment and comes back at once', () => {
    evidence.follow(leak, 0)
    evidence.reported('heap', 0)
    evidence.follow(recovered, 29000)
    assert.equal(evidence.tick(31000, SAMPLE), false)
    assert.equal(evidence.running, true)
    evidence.follow(leak, 40000)
    evidence.reported('heap', 40000)
    assert.equal(evidence.tick(41000, SAMPLE), true)
  })

  it('waits for snapshots that were begun before the leak was over, and then goes away', async () => {
    const retainers = fakeSource({ isPending: true, reported () { this.calls.push('told') } })
    const climbing = new Evidence(['routes', 'retainers'], (name) => ({ routes: source, retainers })[name], { listeners: standing })
    climbing.follow(leak, 0)
    await sleep(20)
    climbing.reported('heap', 0)
    climbing.follow(recovered, 5000)
    assert.equal(climbing.tick(60000, SAMPLE), false)
    assert.equal(climbing.running, true)
    retainers.isPending = false
    assert.equal(climbing.tick(62000, SAMPLE), false)
    assert.equal(climbing.running, false)
    assert.deepEqual(retainers.calls, ['start', 'told', 'tick', 'stop'])
  })

  it('does nothing at all when no evidence is wanted', async () => {
    const none = new Evidence([], () => assert.fail('made'))
    none.follow(suspicion, 0)
    none.follow(leak, 1)
    assert.deepEqual(await none.suspects(LEAK, SOON_MS), [])
  })

  it('has the findings of all sources, the standing one too', async () => {
    source.findings = async () => [FINDING]
    standing.findings = async () => [{ ...FINDING, kind: 'listeners', key: 'data' }]
    evidence.follow(suspicion, 0)
    const suspects = await evidence.suspects(LEAK, SOON_MS)
    assert.deepEqual(suspects.map(({ kind }) => kind).sort(), ['listeners', 'route'])
  })

  it('survives a source that throws everywhere, and says so', async () => {
    const boom = () => { throw new Error('boom') }
    const bad = fakeSource({ start: boom, tick: boom, stop: boom, findings: boom })
    standing.findings = async () => [FINDING]
    const hurt = new Evidence(['routes', 'listeners'], (name) => ({ routes: bad })[name], { listeners: standing })
    hurt.follow(suspicion, 0)
    hurt.tick(1, SAMPLE)
    assert.equal((await hurt.suspects(LEAK, SOON_MS)).length, 1)
    hurt.stop()
    assert.match(hurt.problems.join(), /boom/)
  })

  it('goes on without a source that cannot be loaded, says so, and tries again', async () => {
    let files = 0
    const poor = new Evidence(['containers', 'routes'], (name) => {
      if (name === 'containers' && files < 2) {
        files++
        throw new Error('EMFILE: too many open files')
      }
      return source
    })
    poor.follow(suspicion, 0)
    await sleep(20)
    assert.deepEqual(source.calls, ['start'])
    assert.match(poor.problems.join(), /'containers' could not be loaded and is missing: EMFILE: too many open files\. It is tried again/)
    const now = performance.now()
    poor.tick(now + 5000, SAMPLE)
    assert.equal(files, 1)
    poor.tick(now + 10001, SAMPLE)
    assert.equal(files, 2)
    poor.tick(now + 20002, SAMPLE)
    assert.deepEqual(poor.problems, [])
    assert.equal(source.calls.filter((call) => call === 'start').length, 2)
    poor.stop()
  })

  it('lets a source add to what others found', async () => {
    source.findings = async () => [FINDING]
    source.link = async (findings) => { for (const { links } of findings) links.push('route:GET /b') }
    evidence.follow(suspicion, 0)
    await evidence.suspects(LEAK, SOON_MS)
    assert.deepEqual(FINDING.links, ['route:GET /b'])
    FINDING.links.length = 0
    source.link = async () => { throw new Error('boom') }
    assert.equal((await evidence.suspects(LEAK, SOON_MS)).length, 1)
    assert.match(evidence.problems.join(), /boom/)
    evidence.stop()
  })

  it('does not wait for a source that never answers', { timeout: 20000 }, async () => {
    const slow = fakeSource({ findings: () => new Promise(() => {}) })
    standing.findings = async () => [FINDING]
    const impatient = new Evidence(['routes', 'listeners'], (name) => ({ routes: slow })[name], { listeners: standing }, 10)
    impatient.follow(suspicion, 0)
    const suspects = await impatient.suspects(LEAK, SOON_MS)
    assert.equal(suspects.length, 1)
    assert.match(impatient.problems.join(), /'routes' was not ready/)
  })
})
