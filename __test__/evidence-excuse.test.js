'use strict'

const assert = require('node:assert/strict')
const test = require('node:test')
const { besideOf, capOf } = require('../lib/evidence/census/beside')
const { expiryOf } = require('../lib/evidence/census/expiry')
const { capIn } = require('../lib/evidence/census/mention')
const { timedBy } = require('../lib/evidence/census/timed')
const { Scopes } = require('../lib/evidence/census/scopes')
const { excuseOf, tellMisfits } = require('../lib/evidence/excuse')
const { expect } = require('../lib/evidence/expected')
const { result } = require('./helpers/child')

const cap = (overrides) => ({ kind: 'cap', what: '`cache` in app.js', size: 5534, most: 20000, bytesEach: 800, untilMs: 120000, ...overrides })
const expiry = (overrides) => ({ kind: 'expiry', what: '`keys` in app.js', size: 900, by: 'timer', afterMs: 70000, watchedMs: 30000, ...overrides })
const finding = (overrides) => ({ kind: 'container', key: 'app.js:cache', description: '`cache` grew', growth: 1e6, intervalMs: 10000, confidence: 0.9, ...overrides })
const leak = { channel: 'heap', growthRate: 100000, ageMs: 60000 }
const HOUR = 3600000

test('a cache that fills and fits explains a growth', () => {
  assert.equal(excuseOf([finding({ bound: cap() })], leak, HOUR),
    'fills a cache: `cache` in app.js has 5,534 of at most 20,000 entries, about 12 MB more')
  assert.equal(excuseOf([finding({ bound: cap() })], leak), 'fills a cache: `cache` in app.js has 5,534 of at most 20,000 entries, about 12 MB more', 'where there is no limit')
  const fit = finding({ bound: cap() })
  tellMisfits([fit], leak.growthRate, HOUR)
  assert.equal(fit.description, '`cache` grew')
})

test('a cap that memory has no room for is no excuse, and heads what is said', () => {
  const misfit = finding({ bound: cap({ most: 2000000, untilMs: 10 * HOUR }) })
  assert.equal(excuseOf([misfit], leak, undefined, 1e9), undefined, 'more than any cache is meant to take')
  assert.equal(excuseOf([finding({ bound: cap({ parts: true }) })], leak, HOUR), undefined, 'a cap that was meant for the parts')
  assert.equal(excuseOf([misfit], leak, HOUR), undefined)
  tellMisfits([misfit], leak.growthRate, HOUR)
  assert.equal(misfit.description, 'the cap of `cache` in app.js does not fit: 2,000,000 entries of 800 bytes, and 360 MB are left; `cache` grew')
})

test('a cache that fills does not excuse what something else holds', () => {
  const small = finding({ bound: cap(), growth: 200000 })
  assert.equal(excuseOf([small, finding({ key: 'app.js:leak' })], leak, HOUR), undefined)
  assert.equal(excuseOf([small], leak, HOUR), undefined, 'most of the growth is unexplained')
  const atLeast = finding({ bound: cap(), growth: 200000, atLeast: true })
  assert.match(excuseOf([atLeast], leak, HOUR), /fills a cache/)
  assert.equal(excuseOf([atLeast, finding({ key: 'app.js:leak' })], leak, HOUR), undefined)
  assert.equal(excuseOf([atLeast, finding({ key: 'app.js:leak', growth: null })], leak, HOUR), undefined, 'nobody knows what the other holds')
  assert.equal(excuseOf([finding({ key: 'app.js:leak' })], leak, HOUR), undefined)
})

test('entries that expire are waited for, once', () => {
  assert.equal(excuseOf([finding({ bound: expiry() })], leak, HOUR),
    'its entries expire: of the 900 in `keys` in app.js each has a timer of 1 min 10 s, and the growth is 1 min old')
  assert.equal(excuseOf([finding({ bound: expiry() })], { ...leak, ageMs: 100000 }, HOUR), undefined, 'the first ones have expired, and it grows')
  assert.equal(excuseOf([finding({ bound: expiry({ afterMs: 24 * HOUR }) })], leak, HOUR), undefined, 'too late')
})

test('a cap is found beside the container, or in what it is compared with', () => {
  class Cache {
    #most = 100
    #limit
    map = new Map([[1, 1], [2, 2]])
    constructor (limit) { this.#limit = limit }
    get full () { return this.map.size >= Math.min(this.#most, this.#limit) }
  }
  const { scopes } = Scopes.open()
  const ofOwner = (owner, container, size = 2, withScopes = scopes) => capOf({ container, owner, record: { last: { size }, place: {} }, ...besideOf(owner, container, withScopes, false) })
  const cache = new Cache(50)
  assert.equal(ofOwner(cache, cache.map), 50)
  assert.equal(ofOwner(cache, cache.map, 51), undefined, 'more than its cap: it is none')
  assert.equal(ofOwner({ data: {}, options: { maxKeys: 30, stdTTL: 100 } }, {}), 30)
  assert.equal(ofOwner({ data: {}, [Symbol('max')]: 40, [Symbol('length')]: 4 }, {}), 20, 'entries of length 2')
  assert.equal(ofOwner({ data: {}, max: Infinity }, {}), undefined)
  assert.equal(ofOwner({ data: {}, maxListeners: 40, timeout: 50 }, {}), undefined)
  assert.equal(ofOwner({ index: new Map(), a: 64, keys: new Array(64), values: new Array(64) }, {}), 64, 'minified: arrays with as many slots as a number says')
  assert.equal(ofOwner({ get max () { throw new Error('ran code of the app') } }, {}), undefined)
  assert.equal(ofOwner(undefined, {}), undefined)
  const declared = new Map()
  expect(declared, { max: 500 })
  assert.equal(ofOwner(undefined, declared), 500)
  const wrapper = { entries: new Map(), max: 10 }
  expect(wrapper, { max: 700 })
  assert.equal(ofOwner(wrapper, wrapper.entries), 700, 'the app knows better')
  scopes.close()
  assert.throws(() => expect('cache', { max: 1 }), { code: 'ERR_TIDEMARK_OPTION' })
  assert.throws(() => expect(declared, { max: 0 }), { code: 'ERR_TIDEMARK_OPTION' })
  assert.throws(() => expect(declared, {}), { code: 'ERR_TIDEMARK_OPTION' })
  assert.throws(() => expect(declared, { most: 1 }), { code: 'ERR_TIDEMARK_UNKNOWN_OPTION' })
})

test('a number that the code compares the size with is a cap', () => {
  const heads = new Map()
  const MOST = 5000
  const valueOf = (name) => ({ MOST })[name]
  assert.equal(capIn(() => { if (heads.size > 100_000) heads.clear() }, 'heads', valueOf), 100000)
  assert.equal(capIn(() => heads.size >= MOST, 'heads', valueOf), 5000)
  assert.equal(capIn(() => heads.size > 0, 'heads', valueOf), undefined)
  assert.equal(capIn(() => { const other = { heads }; return other.heads.size > 100000 }, 'heads', valueOf), undefined, 'another heads')
  assert.equal(capIn(() => heads.size + MOST, 'heads', valueOf), undefined)
})

test('entries whose end is known are waited for until then', () => {
  const first = { by: 'time', afterMs: undefined, leftMs: 90000 }
  assert.equal(excuseOf([finding({ bound: expiry(first) })], leak, HOUR), 'its entries expire: of the 900 in `keys` in app.js the first within 1 min 30 s')
  assert.equal(excuseOf([finding({ bound: expiry({ ...first, leftMs: HOUR }) })], leak, HOUR), undefined, 'too late')
})

test('entries expire where each says when, as those of caches and session stores do', () => {
  const now = Date.now()
  const entries = (make) => Array.from({ length: 6 }, (_, id) => [id, make(id)])
  const lives = expiryOf(entries((id) => ({ value: { key: id, now: now - 60000 + 1000 * id, maxAge: 480000 } })), false)
  assert.deepEqual([lives.by, lives.afterMs], ['time', 480000], 'as in lru-cache 4, which memorystore has')
  assert.ok(lives.oldestMs >= 60000)
  const ends = expiryOf(entries((id) => ({ v: id, t: now + 100000 + 1000 * id })), false)
  assert.ok(ends.by === 'time' && ends.leftMs > 40000 && ends.leftMs <= 126250, 'as in node-cache')
  assert.equal(expiryOf(entries((id) => ({ v: id, t: now - 5000 + 20000 * id })), false).by, 'time', 'what has just ended waits for somebody to look')
  assert.equal(expiryOf(entries(() => ({ expiresAt: new Date(now + 300000) })), false).by, 'time')
  assert.equal(expiryOf(entries((id) => ({ v: id, t: now - 1000 * id })), false), undefined, 'what is there after its end is not taken out')
  assert.equal(expiryOf(entries((id) => ({ v: id, t: 0 })), false), undefined, 'no end')
  assert.equal(expiryOf(entries((id) => ({ id, createdAt: now })), false), undefined, 'a begin is no end')
  assert.equal(expiryOf(entries((id) => ({ id, get expires () { throw new Error('read') } })), false), undefined)
})

test('entries expire where each has a timer that runs once', () => {
  const timers = []
  const timer = (make, ms) => { timers.push(make(() => {}, ms)); return timers.at(-1) }
  const entries = (make) => Array.from({ length: 6 }, (_, id) => [id, make(id)])
  const { afterMs, oldestMs } = expiryOf(entries((id) => ({ id, timeoutId: timer(setTimeout, 70000) })), false)
  assert.equal(afterMs, 70000)
  assert.ok(oldestMs >= 0 && oldestMs < 60000, String(oldestMs))
  assert.equal(expiryOf(entries(() => timer(setTimeout, 500)), false).afterMs, 500)
  assert.equal(expiryOf(entries(() => timer(setInterval, 500)), false), undefined, 'one that repeats ends nothing')
  assert.equal(expiryOf(entries((id) => ({ id, timer: id === 0 ? timer(setTimeout, 500) : null })), false), undefined)
  assert.equal(expiryOf([], false), undefined)
  timers.forEach(clearTimeout)
})

test('entries expire where timers beside their container take them out by its name', async () => {
  const { findings, problems } = await result('census-timed.js')
  assert.deepEqual(problems, [])
  const life = (name) => findings.find(({ description }) => new RegExp(`^\`[^\`]*${name}\``).test(description)).bound?.afterMs
  assert.deepEqual(['addresses', 'seen', '#byUser', 'requests'].map(life), [610000, 620000, 630000, undefined])
})

test('timers that are fewer than the entries say nothing of when these end', (t) => {
  const byId = new Map()
  const list = {}
  const timer = setTimeout(() => {}, 60000)
  t.after(() => clearTimeout(timer))
  const first = Object.assign(Object.create(Object.getPrototypeOf(timer)), {
    _idleTimeout: 60000, _idleStart: 1, _repeat: null, _destroyed: false, _onTimeout: () => { byId.delete(1) }, _idlePrev: list, _idleNext: list
  })
  Object.assign(list, { _idlePrev: first, _idleNext: first })
  const timed = (timers) => timedBy({ size: 100, name: 'byId' }, [{ list, size: timers }])
  assert.deepEqual(timed(90), { by: 'timer', afterMs: 60000 })
  assert.equal(timed(60), undefined)
  assert.notEqual(timedBy({ size: 90000, name: 'byId' }, [{ list, size: 50000 }]), undefined, 'no more are counted')
  assert.equal(timedBy({ size: 100, name: 'other' }, [{ list, size: 90 }]), undefined)
  // Keys of the app's data: none is a pattern, an error or everybody's name.
  Object.assign(first, { _onTimeout: () => { byId.get(1).delete('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') } })
  for (const name of ['', '(a+)+', 'room (a', '(?:[^]*)*Z', '.']) assert.equal(timedBy({ size: 100, name }, [{ list, size: 90 }]), undefined, name)
})
