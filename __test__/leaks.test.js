'use strict'

const assert = require('node:assert/strict')
const { beforeEach, describe, it } = require('node:test')
const { Ignored } = require('../lib/ignored')
const { Leaks } = require('../lib/leaks')
const { leakRecord } = require('./helpers/fake-binding')
const { createRandom } = require('./helpers/random')

const CLAIM = { startMs: 0, endMs: 97000, growth: 20e6, growthRate: 2e5, level: 50e6 }

describe('the story of a leak', () => {
  let story
  let statuses
  let evidence
  let now
  let problems
  let leaks

  /** Answers of evidence come when a test says so. */
  function fakeEvidence () {
    const asked = { weigh: [], excuse: [], certain: [], suspects: [] }
    const ask = (name) => (...args) => new Promise((resolve, reject) => asked[name].push({ args, resolve, reject }))
    return {
      asked,
      running: true,
      rests: 0,
      reported: () => {},
      follow: () => {},
      stopUnlessPending () { this.rests++ },
      isDoubtful: false,
      certain (...args) { return this.isDoubtful ? ask('certain')(...args) : true },
      weigh: ask('weigh'),
      excuse: ask('excuse'),
      suspects: ask('suspects')
    }
  }

  beforeEach(() => {
    story = []
    statuses = []
    problems = []
    evidence = fakeEvidence()
    now = 0
    leaks = createLeaks()
  })

  function createLeaks (detector = 'trend', ignored = new Ignored([])) {
    return new Leaks({
      evidence,
      ignored,
      options: { detector },
      statuses: () => statuses,
      tell: (chapter, details) => story.push([chapter, details]),
      onBug: (problem) => problems.push(problem),
      now: () => now,
      toDate: (atMs) => new Date(atMs)
    })
  }

  const told = () => story.map(([chapter]) => chapter).filter((chapter) => chapter !== 'state')
  const states = () => story.filter(([chapter]) => chapter === 'state').map(([, { channel, from, to }]) => `${channel}: ${from} > ${to}`)
  const settle = () => new Promise(setImmediate)
  const answer = async (question, value) => {
    evidence.asked[question].shift().resolve(value)
    await settle()
  }

  function detector (channel, from, to, event, overrides) {
    const status = { ...leakRecord().status, ...CLAIM, channel, state: to, timeToLimitMs: undefined, ...overrides }
    statuses = [...statuses.filter((each) => each.channel !== channel), status]
    leaks.changed({ atMs: now, change: { channel, from, to, event }, status })
  }

  const suspect = (channel = 'heap') => detector(channel, 'steady', 'suspect')
  const claim = (channel = 'heap', overrides = {}) => detector(channel, 'suspect', 'leaking', 'leak', overrides)
  const recover = (channel = 'heap', to = 'steady') => detector(channel, 'leaking', to, 'recovered')
  const nothing = { suspects: [], excuse: undefined }

  it('goes from suspicion over report and evidence to its end', async () => {
    suspect()
    claim()
    assert.deepEqual(told(), ['suspected'], 'it waits for evidence')
    await answer('weigh', nothing)
    leaks.review(statuses, true)
    const found = { kind: 'container', key: 'k', description: 'a Map', evidence: [], location: null, confidence: 1, score: 1 }
    await answer('suspects', [found])
    recover()
    assert.deepEqual(told(), ['suspected', 'reported', 'evidence', 'recovered'])
    assert.deepEqual(states(), ['heap: steady > suspect', 'heap: suspect > leaking', 'heap: leaking > steady'])
    const [reported, later, end] = story.filter(([chapter]) => ['reported', 'evidence', 'recovered'].includes(chapter)).map(([, details]) => details)
    assert.deepEqual([later.signature, end.signature], [reported.signature, reported.signature])
    assert.deepEqual(later.suspects, [found])
    assert.equal(evidence.rests, 1)
  })

  it('says nothing more of a suspicion that ends', () => {
    suspect()
    detector('heap', 'suspect', 'steady')
    suspect()
    assert.deepEqual(told(), ['suspected', 'suspected'], 'the second is another one')
  })

  it('reports an unconfirmed claim once it is confirmed, and never one that ended before', async () => {
    evidence.isDoubtful = true
    claim()
    assert.equal(leaks.isWaitingForGcs, true)
    await answer('certain', false)
    assert.equal(leaks.isWaitingForGcs, false)
    claim()
    recover()
    await answer('certain', true)
    assert.equal(evidence.asked.weigh.length, 0)
    claim()
    await answer('certain', true)
    await answer('weigh', nothing)
    assert.deepEqual(told(), ['suspected', 'suspected', 'reported'])
  })

  it('reports a claim that was asked about twice only once', async () => {
    evidence.isDoubtful = true
    claim()
    evidence.isDoubtful = false
    claim()
    await answer('certain', true)
    await answer('weigh', nothing)
    assert.equal(evidence.asked.weigh.length, 0)
    assert.deepEqual(told(), ['suspected', 'reported'])
  })

  it('waits while its level has fallen, and is reported when it stands again', async () => {
    claim()
    statuses = [{ ...statuses[0], level: CLAIM.level - CLAIM.growth / 3 }]
    await answer('weigh', nothing)
    leaks.look(statuses)
    assert.equal(evidence.asked.weigh.length, 0)
    statuses = [{ ...statuses[0], level: CLAIM.level - CLAIM.growth / 5 }]
    leaks.look(statuses)
    await answer('weigh', nothing)
    assert.deepEqual(told(), ['suspected', 'reported'])
  })

  // Handles of an app whose load began with it: 30, 163, 189, 213, 167, 297, and 297 from then on.
  it('waits while a ceiling fits better by now, and is reported when it goes on', async () => {
    claim()
    statuses = [{ ...statuses[0], confidence: 0.498 }]
    await answer('weigh', nothing)
    leaks.look(statuses)
    assert.equal(evidence.asked.weigh.length, 0)
    statuses = [{ ...statuses[0], confidence: 0.9 }]
    leaks.look(statuses)
    await answer('weigh', nothing)
    assert.deepEqual(told(), ['suspected', 'reported'])
  })

  it('that was reported goes on for who comes later, also while it waits because it got worse', async () => {
    claim()
    await answer('weigh', nothing)
    assert.equal(leaks.reported.length, 1)
    detector('heap', 'leaking', 'leaking', 'leak')
    assert.equal(leaks.reported.length, 1)
    await answer('weigh', nothing)
    assert.equal(leaks.reported.length, 1)
  })

  it('is excused by the clock: asked again after 10 s, flat for a minute, reported when it goes on', async () => {
    claim()
    await answer('weigh', { suspects: [], excuse: 'fills a cache' })
    assert.deepEqual(leaks.shown(statuses[0]), { ...statuses[0], state: 'suspect', heldBackBy: 'fills a cache' })
    assert.equal(states().at(-1), 'heap: leaking > suspect')
    const review = async (atMs, level, reason) => {
      now = atMs
      statuses = [{ ...statuses[0], level }]
      leaks.review(statuses, false)
      if (evidence.asked.excuse.length > 0) await answer('excuse', reason)
    }
    await review(9000, CLAIM.level, undefined)
    assert.equal(evidence.asked.weigh.length, 0, 'not asked yet')
    await review(20000, CLAIM.level + 4e6, 'fills a cache')
    await review(31000, CLAIM.level + 4e6, undefined)
    assert.equal(evidence.asked.weigh.length, 0, 'flat since it was held')
    await review(82000, CLAIM.level + 4e6, undefined)
    await review(93000, CLAIM.level + 4e6 + 0.6 * 11 * CLAIM.growthRate, undefined)
    assert.equal(evidence.asked.weigh.length, 1, 'the pace counts from the last minute')
    await answer('weigh', nothing)
    assert.deepEqual(told(), ['suspected', 'reported'])
    assert.equal(states().at(-1), 'heap: suspect > leaking')
    assert.equal(leaks.shown(statuses[0]).heldBackBy, undefined)
  })

  it('takes in what rises with it, and lets it go on alone', async () => {
    claim('heap')
    claim('native')
    assert.equal(leaks.shown({ channel: 'native', state: 'leaking' }).partOf, 'heap')
    await answer('weigh', nothing)
    assert.deepEqual(story.find(([chapter]) => chapter === 'reported')[1].channels, ['heap', 'native'])
    recover('heap')
    assert.equal(leaks.shown({ channel: 'native', state: 'leaking' }).partOf, undefined)
    claim('native')
    await answer('weigh', nothing)
    recover('native')
    assert.deepEqual(told(), ['suspected', 'suspected', 'reported', 'recovered', 'reported', 'recovered'])
  })

  it('says no end of what joined it', async () => {
    claim('heap')
    claim('native')
    await answer('weigh', nothing)
    recover('native')
    assert.deepEqual(told(), ['suspected', 'suspected', 'reported'])
    assert.equal(leaks.shown({ channel: 'native', state: 'steady' }).partOf, undefined)
  })

  it('keeps the order of leaks where the first waits', async () => {
    claim('resources')
    claim('external', { startMs: 90000, endMs: 300000 })
    await answer('weigh', nothing)
    recover('resources')
    await answer('weigh', nothing)
    assert.deepEqual(story.slice(-3).map(([chapter, { channel }]) => `${chapter} ${channel}`),
      ['state resources', 'reported external', 'recovered resources'])
  })

  it('is not reported where it ended while it waited', async () => {
    claim()
    recover()
    await answer('weigh', nothing)
    assert.deepEqual(told(), ['suspected'])
  })

  it('is told at once by memwatch\'s rule, and again at every run', () => {
    leaks = createLeaks('memwatch')
    claim()
    claim()
    recover()
    assert.deepEqual(told(), ['suspected', 'reported', 'reported', 'recovered'])
  })

  it('is counted and not reported where it is ignored', async () => {
    const ignored = new Ignored([{ signature: 'tidemark:heap', reason: 'known' }])
    leaks = createLeaks('trend', ignored)
    claim()
    await answer('weigh', nothing)
    recover()
    assert.deepEqual(told(), ['suspected'])
    assert.equal(ignored.all()[0].count, 1)
  })

  it('ends with its session, whatever is answered later', async () => {
    claim()
    leaks.close()
    await answer('weigh', nothing)
    assert.deepEqual(told(), ['suspected'])
  })

  it('survives evidence that fails, and goes on with the next leak', async () => {
    claim('heap')
    evidence.asked.weigh.shift().reject(new Error('boom'))
    await settle()
    assert.match(problems[0], /could not be reported: boom/)
    claim('resources', { startMs: 96000, endMs: 300000 })
    await answer('weigh', nothing)
    assert.deepEqual(told().at(-1), 'reported')
  })

  it('has a grammar, whatever the detector and evidence say', async () => {
    const { uniform: random } = createRandom(7)
    const channels = ['heap', 'external', 'native', 'resources']
    const state = Object.fromEntries(channels.map((channel) => [channel, 'steady']))
    for (let step = 0; step < 3000; step++) {
      now += 1000 * random()
      const channel = channels[Math.floor(random() * 4)]
      const dice = random()
      const overrides = { level: CLAIM.level * random(), startMs: 9e4 * random(), timeToLimitMs: 3e5 * random() }
      if (dice < 0.15 && state[channel] === 'steady') [state[channel]] = ['suspect', suspect(channel)]
      else if (dice < 0.35) [state[channel]] = ['leaking', detector(channel, state[channel], 'leaking', 'leak', overrides)]
      else if (dice < 0.45 && state[channel] === 'leaking') [state[channel]] = ['steady', recover(channel)]
      else if (dice < 0.5 && state[channel] === 'suspect') [state[channel]] = ['steady', detector(channel, 'suspect', 'steady')]
      else if (dice < 0.6) leaks.look(statuses)
      else if (dice < 0.7) leaks.review(statuses, random() < 0.3)
      evidence.isDoubtful = random() < 0.3
      const reason = random() < 0.3 ? 'fills a cache' : undefined
      for (const [question, value] of [['weigh', { suspects: [], excuse: reason }], ['excuse', reason], ['certain', random() < 0.5], ['suspects', []]]) {
        if (evidence.asked[question].length > 0 && random() < 0.5) await answer(question, value)
      }
    }
    assert.deepEqual(problems, [])
    assert.ok(told().filter((chapter) => chapter === 'recovered').length > 20, 'many lives were seen')
    for (const channel of channels) {
      let isReported = false
      let shown
      for (const [chapter, details] of story.filter(([, each]) => each.channel === channel)) {
        if (chapter === 'reported') isReported = true
        if (chapter === 'recovered') {
          assert.equal(isReported, true, 'only what was reported recovers')
          isReported = false
        }
        if (chapter === 'state') {
          if (shown !== undefined) assert.equal(details.from, shown)
          assert.notEqual(details.to, details.from)
          shown = details.to
        }
      }
    }
  })
})
