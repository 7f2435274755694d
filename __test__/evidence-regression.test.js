'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { attribute } = require('../lib/evidence/routes/regression')
const { leastSquares } = require('../lib/evidence/routes/least-squares')
const { createRandom } = require('./helpers/random')

const NAMES = ['GET /a', 'GET /b', 'GET /c', 'GET /d']
const NOISE = 50e3
const RUNS = 300

/** Requests per second, by route, at one moment. */
const loads = {
  constant: ({ base }) => base,
  // Now and then a route is used much more, or hardly at all.
  bursts: ({ base }, i, random, state) => {
    if (random.uniform() < 0.25) state.busy = !state.busy
    return base * (state.busy ? 1.5 : 0.1)
  },
  waves: ({ base, phase }, i) => base * (1 + 0.8 * Math.sin(i / 4 + phase))
}

/** What V8 leaves after a full GC, beside what leaks. */
const noises = {
  white: (last, random) => NOISE * random.normal(),
  sluggish: (last, random) => 0.6 * last + NOISE * random.normal(),
  walk: (last, random) => last + NOISE * random.normal()
}

/**
 * Full GCs of a server, with known truth.
 * @param {number} seed
 * @param {{leak?: number[], drift?: number, load?: string, noise?: string, n?: number, routes?: number}} options
 *   bytes per request of each route; bytes per second
 */
function simulate (seed, { leak = [], drift = 0, load = 'bursts', noise = 'white', n = 20, routes = NAMES.length } = {}) {
  const random = createRandom(seed)
  const all = Array.from({ length: routes }, () => ({ base: 20 + 300 * random.uniform(), phase: 6 * random.uniform(), state: { busy: true }, requests: 0 }))
  let at = 0
  let held = 50e6
  let odd = 0
  return Array.from({ length: n }, (_, i) => {
    const seconds = 2 + 5 * random.uniform()
    at += seconds * 1000
    all.forEach((route, k) => {
      const mean = loads[load](route, i, random, route.state) * seconds
      const added = Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()))
      route.requests += added
      held += added * (leak[k] ?? 0)
    })
    held += drift * seconds
    odd = noises[noise](odd, random)
    return { at, level: held + odd, requests: all.map(({ requests }) => requests) }
  })
}

/** How often, of many runs, routes were told that leak, and routes that do not. */
function score (options, leaking = []) {
  const counts = { right: 0, wrong: 0, together: 0 }
  for (let seed = 1; seed <= RUNS; seed++) {
    for (const { routes } of attribute(NAMES, simulate(seed * 7919, options))) {
      if (routes.length > 1) counts.together++
      else if (leaking.includes(routes[0])) counts.right++
      else counts.wrong++
    }
  }
  return counts
}

describe('the bytes that a request adds to the heap', () => {
  test('are told with their standard error where the load of the routes varies', () => {
    const [told, ...others] = attribute(NAMES, simulate(1, { leak: [0, 2100] }))
    assert.deepEqual(others, [])
    assert.deepEqual(told.routes, ['GET /b'])
    assert.ok(Math.abs(told.bytesPerRequest - 2100) < 4 * told.standardError, JSON.stringify(told))
    assert.ok(told.standardError > 0 && told.standardError < 300)
    assert.ok(told.confidence > 0.5 && told.confidence < 1)
    assert.equal(told.apartFromTime, true)
  })

  test('are told of two routes that leak at once', () => {
    const counts = score({ leak: [3000, 0, 3000], n: 40 }, ['GET /a', 'GET /c'])
    assert.ok(counts.right > 0.5 * RUNS, JSON.stringify(counts))
    assert.ok(counts.wrong <= 0.02 * RUNS, JSON.stringify(counts))
  })

  for (const noise of Object.keys(noises)) {
    test(`are told of the right route in most runs and of a wrong one in hardly any (${noise} noise)`, () => {
      const counts = score({ leak: [2000], noise }, ['GET /a'])
      assert.ok(counts.right > 0.6 * RUNS, JSON.stringify(counts))
      assert.ok(counts.wrong <= 0.01 * RUNS, JSON.stringify(counts))
    })

    test(`are told of no route where the heap grows by time alone (${noise} noise)`, () => {
      for (const load of Object.keys(loads)) {
        const counts = score({ drift: 100e3, noise, load })
        assert.ok(counts.wrong + counts.together <= 0.015 * RUNS, `${load}: ${JSON.stringify(counts)}`)
      }
    })
  }

  test('are within three standard errors of the truth in most random leaks', () => {
    let told = 0
    let near = 0
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = createRandom(seed)
      const leak = NAMES.map(() => 0)
      const culprit = Math.floor(NAMES.length * random.uniform())
      leak[culprit] = 200 * 100 ** random.uniform()
      for (const { routes, bytesPerRequest, standardError } of attribute(NAMES, simulate(seed, { leak, n: 15 + seed % 30 }))) {
        if (routes.length > 1 || routes[0] !== NAMES[culprit]) continue
        told++
        if (Math.abs(bytesPerRequest - leak[culprit]) < 3 * standardError) near++
      }
    }
    assert.ok(told > 0.4 * RUNS, `${told} told`)
    assert.ok(near > 0.95 * told, `${near} of ${told} near`)
  })

  test('are not told where the rate of every route is constant: it could be time', () => {
    const counts = score({ leak: [2000], load: 'constant' }, ['GET /a'])
    assert.deepEqual(counts, { right: 0, wrong: 0, together: 0 })
  })

  test('are told of two or three routes together that are always called in step', () => {
    const rows = simulate(3, { leak: [2000] }).map((row) => ({ ...row, requests: [row.requests[0], 2 * row.requests[0], row.requests[2], row.requests[3]] }))
    const [told] = attribute(NAMES, rows)
    assert.deepEqual(told.routes, ['GET /a', 'GET /b'])
    const [alone] = attribute(NAMES, simulate(3, { leak: [2000] }))
    assert.ok(told.confidence < alone.confidence)
  })

  test('are not told of four routes that are always called in step', () => {
    const rows = simulate(3, { leak: [2000] }).map((row) => ({ ...row, requests: [1, 2, 3, 4].map((k) => k * row.requests[0]) }))
    assert.deepEqual(attribute(NAMES, rows), [])
  })

  test('are told with little confidence of the only route of a server with a steady load', () => {
    const [told, ...others] = attribute(['GET /a'], simulate(5, { leak: [2000], load: 'constant', routes: 1 }))
    assert.deepEqual(others, [])
    assert.equal(told.apartFromTime, false)
    assert.ok(told.confidence < 0.4)
  })

  test('are not told of few full GCs', () => {
    assert.deepEqual(attribute(NAMES, simulate(1, { leak: [2000], n: 8 })), [])
    assert.deepEqual(attribute(NAMES, []), [])
  })

  test('are not told of a heap that does not grow', () => {
    assert.deepEqual(score({}), { right: 0, wrong: 0, together: 0 })
    assert.deepEqual(score({ drift: -50e3 }), { right: 0, wrong: 0, together: 0 })
  })

  test('survive rows that say nothing', () => {
    const same = Array.from({ length: 20 }, () => ({ at: 5, level: 7, requests: [1, 1] }))
    assert.deepEqual(attribute(NAMES, same), [])
    const exact = Array.from({ length: 20 }, (_, i) => ({ at: i * 1000, level: i * 1000, requests: [i * 10, 0, 0] }))
    assert.doesNotThrow(() => attribute(NAMES, exact))
    const late = simulate(1, { leak: [2000] }).map((row, i) => ({ ...row, requests: i < 10 ? [] : row.requests }))
    assert.doesNotThrow(() => attribute(NAMES, late))
  })
})

describe('least squares', () => {
  test('finds the coefficients of an exact sum', () => {
    const one = Float64Array.from({ length: 9 }, () => 1)
    const x = Float64Array.from({ length: 9 }, (_, i) => i)
    const square = x.map((value) => value * value)
    const fit = leastSquares([one, x, square], x.map((value) => 3 - 2 * value + 0.5 * value * value))
    assert.deepEqual(fit.coefficients.map((value) => Number(value.toFixed(9))), [3, -2, 0.5])
    assert.ok(fit.squares < 1e-18)
  })

  test('has the spread that the textbook gives a straight line', () => {
    const x = Float64Array.from([1, 2, 4, 7])
    const fit = leastSquares([x.map(() => 1), x], Float64Array.from([1, 3, 2, 5]))
    const mean = 3.5
    const spread = 1 / x.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    assert.ok(Math.abs(fit.spreads[1] - spread) < 1e-12)
  })

  test('gives nothing for columns that depend on each other', () => {
    const x = Float64Array.from([1, 2, 3, 4])
    assert.equal(leastSquares([x, x.map((value) => 2 * value)], x), null)
    assert.equal(leastSquares([x.map(() => 0)], x), null)
  })
})
