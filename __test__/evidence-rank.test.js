'use strict'

const assert = require('node:assert/strict')
const { describe, it } = require('node:test')
const { linkHandlers } = require('../lib/evidence/handlers')
const { rank, isNews, signatureOf, MOST_SUSPECTS } = require('../lib/evidence/rank')

const LEAK = { channel: 'heap', growthRate: 100000 }

function finding (overrides) {
  return {
    kind: 'site',
    key: 'app.js:handler',
    description: 'handler (app.js:12) allocates what stays',
    bytes: 2e6,
    growth: 1e6,
    intervalMs: 20000,
    confidence: 0.9,
    weight: 1,
    location: { file: 'app.js', line: 12, column: 3, function: 'handler' },
    links: [],
    evidence: [],
    ...overrides
  }
}

const route = (overrides) => finding({ kind: 'route', key: 'GET /items/:id', description: 'GET /items/:id keeps 100 % of its requests', location: null, links: ['route:GET /items/:id'], ...overrides })
const container = (overrides) => finding({ kind: 'container', key: 'app.js:requests', description: '`requests` in app.js grew', location: { file: 'app.js', line: 3, column: 7, function: null }, ...overrides })

describe('the ranking of suspects', () => {
  it('puts first what explains more of the growth', () => {
    const [first, second] = rank([finding({ key: 'small', growth: 1e5 }), finding({ key: 'large', growth: 1.9e6 })], LEAK)
    assert.equal(first.key, 'large')
    assert.equal(first.share, 0.95)
    assert.equal(second.key, 'small')
  })

  it('says nothing of a share that it cannot know', () => {
    const [suspect] = rank([finding({ growth: null })], LEAK)
    assert.equal(suspect.share, null)
    assert.equal(rank([finding()], { channel: 'heap', growthRate: null })[0].share, null)
  })

  it('does not divide bytes by handles', () => {
    const suspects = rank([
      finding({ key: 'logger.js:write', growth: 40000, intervalMs: 60000 }),
      container({ key: 'cache.js:memo', growth: 20000, intervalMs: 60000, links: ['file:cache.js'] }),
      finding({ kind: 'resources', key: 'TCPSocketWrap', growth: null, intervalMs: null, weight: 0.6 })
    ], { channel: 'resources', growthRate: 2 })
    assert.deepEqual(suspects.map(({ key, share }) => [key, share]).sort(), [['TCPSocketWrap', null], ['cache.js:memo', null], ['logger.js:write', null]])
  })

  it('suspects nobody where Node.js itself allocates, and it is only evidence where a route keeps its requests', () => {
    const nodes = finding({ key: 'node:internal', description: 'Node.js itself allocates what stays', location: null, weight: 0.1 })
    assert.deepEqual(rank([nodes], LEAK), [])
    const [{ kind, evidence }, ...others] = rank([nodes, route({ growth: 1.9e6 })], LEAK)
    assert.equal(kind, 'route')
    assert.equal(evidence[0].description, nodes.description)
    assert.deepEqual(others, [])
  })

  it('puts who opens handles before what they are', () => {
    const [first, second] = rank([
      finding({ kind: 'resources', key: 'TCPSocketWrap', growth: null, intervalMs: null, confidence: 0.95, weight: 0.6 }),
      finding({ key: 'app.js:report', confidence: 0.73, weight: 0.8 })
    ], { channel: 'resources', growthRate: 2 })
    assert.deepEqual([first.key, second.key], ['app.js:report', 'TCPSocketWrap'])
  })

  it('makes one suspect of a route and the container that holds its requests', () => {
    const suspects = rank([route(), container({ links: ['route:GET /items/:id'] })], LEAK)
    assert.equal(suspects.length, 1)
    assert.ok(suspects[0].confidence > 0.9)
    assert.equal(suspects[0].evidence.length, 1)
  })

  it('links three findings of one cause through the one in the middle', () => {
    const suspects = rank([
      route({ links: ['route:GET /a'] }),
      finding({ links: ['function:app.js:12:3'] }),
      container({ links: ['route:GET /a', 'function:app.js:12:3'] })
    ], LEAK)
    assert.equal(suspects.length, 1)
    assert.deepEqual(suspects[0].location, { file: 'app.js', line: 12, column: 3, function: 'handler' })
  })

  it('keeps two places apart that one function called', () => {
    const suspects = rank([finding({ key: 'one', links: ['function:app.js:1:1'] }), finding({ key: 'two', links: ['function:app.js:1:1'] })], LEAK)
    assert.equal(suspects.length, 2)
  })

  it('takes a place and a container of one file for one cause only where each explains most of the growth', () => {
    const links = ['file:app.js']
    const large = { growth: 1.8e6, links }
    assert.equal(rank([finding(large), container(large)], LEAK).length, 1)
    assert.equal(rank([finding(large), container({ growth: 1e5, links })], LEAK).length, 2)
  })

  it('takes a place and a container of different files for one cause where together they explain more than there is', () => {
    const [one, ...others] = rank([finding({ growth: 1.3e6, links: ['file:a.js'] }), container({ growth: 1.2e6, links: ['file:b.js'] })], LEAK)
    assert.equal(one.kind, 'container')
    assert.deepEqual(others, [])
    assert.equal(rank([finding({ growth: 0.9e6, links: ['file:a.js'] }), container({ growth: 0.9e6, links: ['file:b.js'] })], LEAK).length, 2)
    assert.equal(rank([finding({ key: 'one', growth: 1.3e6 }), finding({ key: 'two', growth: 1.2e6 })], LEAK).length, 2, 'two places are two')
  })

  it('takes a route and a container that holds requests for one cause where together they explain more than there is', () => {
    const kept = route({ growth: 1.9e6 })
    assert.equal(rank([kept, container({ growth: 1.2e6, links: ['type:IncomingMessage'] })], LEAK).length, 1)
    assert.equal(rank([kept, container({ growth: 0.6e6, links: ['type:IncomingMessage'] })], LEAK).length, 1)
    assert.equal(rank([kept, container({ growth: 0.5e6, links: ['type:IncomingMessage'] })], LEAK).length, 2)
    assert.equal(rank([kept, container({ growth: 1.2e6, links: ['type:Session'] })], LEAK).length, 2, 'it holds something else')
  })

  it('takes the one holder of unknown size for what holds that its file allocates', () => {
    const links = ['file:app.js']
    const site = finding({ growth: 1.3e6, links })
    const signal = container({ kind: 'listeners', key: 'app.js:signal', growth: null, bytes: null, links })
    const [one, ...others] = rank([site, signal], LEAK)
    assert.deepEqual([one.kind, one.key, others.length], ['listeners', 'app.js:signal', 0])
    assert.equal(one.location.function, 'handler', 'another function than the one that seems to fill it')
    const filled = { file: 'app.js', line: 14, column: 5, function: 'handler' }
    assert.deepEqual(rank([site, { ...signal, location: filled }], LEAK)[0].location, filled, 'the very line')
    assert.equal(one.share, 0.65)
    const second = container({ key: 'app.js:jobs', growth: null, bytes: null, links })
    assert.equal(rank([site, signal, second], LEAK).length, 3, 'nobody knows which of two')
    assert.equal(rank([finding({ growth: 8e5, links }), signal], LEAK).length, 2, 'the place explains too little')
    assert.equal(rank([site, container({ ...signal, confidence: 0.5 })], LEAK).length, 2, 'it grew only now and then')
  })

  it('takes the only sure holder of unknown size for what holds most of what is allocated, in whatever file', () => {
    const site = finding({ growth: 1.3e6, links: ['function:app.js:12:3', 'file:app.js'] })
    const holder = container({ key: 'mongoose:connections', growth: 2e5, atLeast: true, location: null, links: ['file:node_modules/mongoose/index.js'] })
    const [one, ...others] = rank([site, holder], LEAK)
    assert.deepEqual([one.key, one.location.line, others.length], ['mongoose:connections', 12, 0])
    assert.equal(rank([site, holder, finding({ key: 'app.js:other', growth: 1.2e6, links: ['function:app.js:30:3'] })], LEAK).length, 3, 'nobody knows which place')
    assert.equal(rank([site, { ...holder, atLeast: false }], LEAK).length, 2, 'it explains little')
    assert.equal(rank([site, holder, container({ key: 'app.js:other' })], LEAK).length, 3, 'nobody knows which of two')
  })

  it('does not put what explains nothing of the growth first, however surely it grows', () => {
    const suspects = rank([container({ growth: 2000, confidence: 1 }), finding({ growth: 6e5, confidence: 0.4 })], LEAK)
    assert.deepEqual(suspects.map(({ kind }) => kind), ['site', 'container'])
  })

  it('takes copies of one file for one cause, and adds them up', () => {
    const copy = (file) => container({ key: `${file}:views`, growth: 5e5, location: { file, line: 3, column: 7, function: 'render' } })
    const [one, ...others] = rank(['a.js', 'b.js', 'c.js'].map(copy), LEAK)
    assert.deepEqual([one.share, one.growth, others.length], [0.75, 1.5e6, 0])
    assert.equal(rank([copy('a.js'), container({ key: 'b.js:jobs', location: { file: 'b.js', line: 3, column: 7, function: 'render' } })], LEAK).length, 2)
  })

  it('takes what packages allocate for a part of the requests that a route keeps', () => {
    const foreign = finding({ key: 'router', weight: 0.4, links: ['file:node_modules/router/index.js'] })
    const own = finding({ key: 'own', links: ['function:app.js:1:1'] })
    assert.deepEqual(rank([foreign, route({ growth: 1.9e6 }), own], LEAK).map(({ kind }) => kind), ['route', 'site'])
    assert.equal(rank([foreign, route({ growth: 1e5 }), own], LEAK).length, 3)
  })

  it('sends to the handler of a route, however much the route explains', async () => {
    const before = (req, res, next) => next()
    const handler = function show (req, res) { res.end() }
    const found = route({ key: 'GET /a', growth: null, links: ['route:GET /a'] })
    const other = route({ key: 'GET /b', links: ['route:GET /b'] })
    // Slices of work keep no process alive.
    const alive = setInterval(() => {}, 1000)
    await linkHandlers([found, other], [{ route: 'GET /a', handlers: [new WeakRef(handler), new WeakRef(before)] }])
    clearInterval(alive)
    const [{ location }] = rank([found], LEAK)
    assert.deepEqual([location.file, location.function], [__filename, 'show'])
    assert.equal(other.location, null)
  })

  it('believes two kinds of evidence more than one', () => {
    const both = [route({ key: 'GET /two', links: ['route:GET /two'] }), container({ links: ['route:GET /two'] })]
    const [first] = rank([route({ key: 'GET /one', links: ['route:GET /one'] }), ...both], LEAK)
    assert.notEqual(first.key, 'GET /one')
  })

  it('stays bounded and JSON however much was found', () => {
    const many = Array.from({ length: 500 }, (_, i) => finding({ key: `site ${i}`, description: 'x'.repeat(5000), evidence: Array.from({ length: 100 }, () => ({ kind: 'stack', description: 'y' })) }))
    const suspects = rank(many, LEAK)
    assert.equal(suspects.length, MOST_SUSPECTS)
    assert.ok(JSON.stringify(suspects).length < 20000)
    assert.deepEqual(JSON.parse(JSON.stringify(suspects)), suspects)
  })

  it('lets no name of the app or its clients forge a line or fill a log', () => {
    const name = `\u001b[2J\n${'a'.repeat(12000)}\u202e`
    const location = { file: `/${name}`, line: 1, column: 1, function: name }
    const suspects = rank([
      route({ key: `GET ${name}1`, description: name, evidence: [{ kind: 'sibling', description: name, steps: [{ location }] }], location }),
      route({ key: `GET ${name}2`, description: name })
    ], LEAK)
    const said = JSON.stringify(suspects)
    assert.ok(said.length < 10000, `${said.length} characters`)
    // Escapes of JSON are those of control characters that are still there.
    assert.doesNotMatch(said, /(?<!\\)\\[u\w]|\u202e/)
    assert.equal(suspects[0].location.line, 1)
    assert.notEqual(suspects[0].key, suspects[1].key, 'what differs is cut off, and still told apart')
    const signatures = suspects.map((suspect) => signatureOf('heap', [suspect]))
    assert.ok(signatures.every((signature) => signature.length <= 160))
    assert.notEqual(signatures[0], signatures[1])
  })

  it('drops what is too weak to be a suspicion, and numbers that are none', () => {
    assert.deepEqual(rank([finding({ confidence: 0.05 }), finding({ confidence: NaN })], LEAK), [])
  })

  it('orders the same findings in the same way, whoever came first', () => {
    const findings = ['a', 'b', 'c', 'd'].map((key, i) => finding({ key, growth: 3e5 * (i + 1) }))
    const keys = (list) => rank(list, LEAK).map(({ key }) => key)
    assert.deepEqual(keys(findings), keys([...findings].reverse()))
  })
})

describe('a second look', () => {
  const held = container({ links: ['route:GET /items/:id'] })
  const top = (...findings) => rank(findings, LEAK)[0]

  it('is news where nothing was known, or another cause is likelier now', () => {
    assert.equal(isNews(top(held), undefined), true)
    assert.equal(isNews(top(finding()), top(held)), true)
  })

  it('is news where it adds the route to a container that was told', () => {
    assert.equal(top(held, route({ confidence: 0.5 })).key, top(held).key)
    assert.equal(isNews(top(held, route({ confidence: 0.5 })), top(held)), true)
  })

  it('is none where it sees what was told, or less of it', () => {
    assert.equal(isNews(top(held), top(held)), false)
    assert.equal(isNews(top(held), top(held, route({ confidence: 0.5 }))), false)
  })
})

describe('the signature', () => {
  it('is the channel and the most likely cause', () => {
    assert.equal(signatureOf('heap', rank([route()], LEAK)), 'tidemark:heap:route:GET /items/:id')
  })

  it('is the channel alone where nothing was found', () => {
    assert.equal(signatureOf('native', []), 'tidemark:native')
  })

  it('is the same for other numbers of the same cause', () => {
    const other = route({ bytes: 7, growth: 1.3e6, confidence: 0.7, description: 'GET /items/:id keeps 80 % of its requests' })
    assert.equal(signatureOf('heap', rank([route()], LEAK)), signatureOf('heap', rank([other], LEAK)))
  })
})
