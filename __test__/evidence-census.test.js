'use strict'

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const test = require('node:test')
const { result } = require('./helpers/child')
const { census } = require('../lib/evidence/census')
const { anchor, article, describePlace, isBetter, keyOf, step } = require('../lib/evidence/census/place')
const { mentionOf } = require('../lib/evidence/census/mention')
const { siteOf } = require('../lib/evidence/census/site')
const { Scopes } = require('../lib/evidence/census/scopes')
const { Walk } = require('../lib/evidence/census/walk')

const APP = '/srv/app/lib/app.js'
const STORE = '/srv/app/node_modules/express-session/index.js'

test('a container is called what a person would look for', () => {
  const requests = anchor('variable', 'requests', APP)
  assert.equal(describePlace(requests), '`requests` in app.js')
  const locals = step(step(anchor('variable', 'app', APP), 'property', 'locals', 'function'), 'property', 'cache', 'Object')
  assert.equal(describePlace(locals), '`app.locals.cache` in app.js')
  const sessions = step(anchor('variable', 'store', STORE), 'property', 'sessions', 'MemoryStore')
  assert.equal(describePlace(sessions), '`sessions` of MemoryStore (express-session)')
  const keys = step(anchor('variable', 'cache', APP), 'private', '#keyMap', 'LRUCache')
  assert.equal(describePlace(keys), '`cache.#keyMap` in app.js, part of an LRUCache')
  const names = ['UsersService', 'UserStore', 'UuidMap', 'UploadQueue', 'UnboundedCache', 'UniqueSet', 'EventBus', 'Store']
  assert.deepEqual(names.map(article), ['a UsersService', 'a UserStore', 'a UuidMap', 'an UploadQueue', 'an UnboundedCache', 'a UniqueSet', 'an EventBus', 'a Store'])
  assert.equal(describePlace(anchor('global', 'cache')), '`cache`')
  assert.equal(describePlace(step(anchor('module', './store', APP), 'property', 'items', 'Object')), "`require('./store').items`")
})

test('the key of a container has no folders and no data of the app in it', () => {
  const rooms = anchor('variable', 'rooms', APP)
  assert.equal(keyOf(step(rooms, 'property', 'jane@example.org', 'Object')), 'app.js:rooms[…]')
  assert.equal(keyOf(step(rooms, 'property', 'lobby', 'Object')), 'app.js:rooms.lobby')
  assert.equal(keyOf(step(rooms, 'property', 'Symbol(scopes)', 'Object')), 'app.js:rooms[Symbol(scopes)]')
  assert.equal(keyOf(step(rooms, 'property', 'Symbol(jane@example.org)', 'Object')), 'app.js:rooms[…]')
  assert.equal(keyOf(anchor('variable', 'store', STORE)), 'express-session:store')
})

test('of two places the one nearer to a name in the app is the better', () => {
  const near = anchor('variable', 'cache', APP)
  assert.ok(isBetter(near, step(near, 'property', 'cache', 'Object')))
  assert.ok(isBetter(near, anchor('variable', 'cache', STORE)))
  assert.ok(!isBetter(near, near))
})

test('the line that fills a variable is found in the source of a function', () => {
  const begin = { file: APP, line: 10, column: 20 }
  const cache = new Map()
  const list = []
  const table = {}
  const handler = (id) => {
    const known = cache.get(id)
    cache.set(id, known)
    list.push(id)
    table[id] ??= list.length
  }
  assert.equal(mentionOf(handler, begin, 'cache').line, 12)
  assert.equal(mentionOf(handler, begin, 'list').line, 13)
  assert.equal(mentionOf(handler, begin, 'table').line, 14)
  assert.ok(mentionOf(handler, begin, 'known').quality < 2, 'it is only named')
  assert.equal(mentionOf(handler, begin, 'unknown'), undefined)
})

test('of an arrow function the line is counted from where it begins, with and without parentheses', () => {
  const cache = new Map()
  const look = () => {}
  const bare = id => {
    look()
    look(); cache.set(id, id)
  }
  const bareAsync = async id => {
    look()
    cache.set(id, id)
  }
  const shortAsync = async (id) => cache.set(id, id)
  const named = async function named (id) { cache.set(id, id) }
  const { method } = { method (id) { cache.set(id, id) } }
  const place = (fn) => {
    const { line, column } = mentionOf(fn, { file: APP, line: 10, column: 20 }, 'cache')
    return [line, column]
  }
  assert.deepEqual(place(bare), [12, 13])
  assert.deepEqual(place(bareAsync), [12, 5])
  assert.deepEqual(place(shortAsync), [10, 20 + 'async (id) => '.length])
  // Of others V8 gives the place of the parameters.
  assert.deepEqual(place(named), [10, 20 + '(id) { '.length])
  assert.deepEqual(place(method), [10, 20 + '(id) { '.length])
})

test('a function that only sees a container is no place to send anybody', () => {
  const begin = { file: APP, line: 10, column: 20 }
  const kept = new Map()
  const [prints, fills] = [() => kept.size, (key) => kept.set(key, 1)].map((fn) => mentionOf(fn, begin, 'kept'))
  const at = (site) => siteOf(step(anchor('variable', 'kept', APP, { line: 10, site }), 'property', 'byId', 'Object'))
  assert.equal(at(undefined), null)
  assert.equal(at(prints), null)
  assert.equal(at(fills).line, 10)
})

test('containers are found wherever they hang, by name, with what they hold', async () => {
  const { first, second } = await result('census-names.js')
  assert.deepEqual(first.problems, [])
  const byName = new Map([...first.containers, ...first.emitters].map((entry) => [entry.name, entry]))
  const seen = [...byName.keys()].join('\n')
  for (const [name, size] of [
    ['`inModule` in census-names.js', 50],
    ['`foreign` in census-names.js', 50],
    ['`inClosure` in census-names.js', 40],
    ['`served` in census-names.js', 43],
    ['`emitter` in census-names.js', 50],
    ['`store.sessions` in census-names.js, part of a Store', 50],
    ['`store.#entries` in census-names.js, part of a Store', 50],
    ['`Registry.#instance.entries` in census-names.js, part of a Registry', 50],
    ['`inGlobal`', 50],
    ['`reassigned` in census-names.js', 50],
    ['timers of 86399999 ms', 50]
  ]) assert.equal(byName.get(name)?.size, size, `${name}\n${seen}`)
  // Private in some versions of Node.js, under a symbol in others.
  assert.ok([...byName.values()].some(({ type, size }) => type === 'AbortSignal' && size === 50), 'EventTarget')
  assert.ok([...byName.values()].some(({ type, size }) => type === 'Set' && size === 50), 'exports')
  assert.ok([...byName.values()].some(({ type, size }) => type === 'Set' && size === 42), 'under a symbol')
  assert.ok([...byName.values()].some(({ type, size }) => type === 'Map' && size === 41), 'bound to a function')
  assert.ok(byName.get('`process`').size >= 50)
  assert.deepEqual(byName.get('`inClosure` in census-names.js').holds, ['IncomingMessage'])
  assert.deepEqual(byName.get('`inGlobal`').holds, ['Buffer'])
  const lines = readFileSync(path.join(__dirname, 'programs', 'census-names.js'), 'utf8').split('\n')
  for (const [name, line] of [
    ['`inClosure` in census-names.js', 'inClosure.set(req.url, req)'],
    ['`store.#entries` in census-names.js, part of a Store', 'this.#entries.set(id, value)'],
    ['`store.sessions` in census-names.js, part of a Store', 'this.sessions[id] = value'],
    ['`log.lines` in census-names.js', 'this.lines.push(line)']
  ]) assert.equal(lines[byName.get(name).location?.line - 1]?.trim(), line, name)

  assert.ok(byName.get('`emitter` in census-names.js').bytes > 0)
  const grew = new Map(second.grew.map((entry) => [entry.name, [entry.sizeThen, entry.size]]))
  assert.deepEqual(grew.get('`emitter` in census-names.js'), [50, 100])
  assert.deepEqual(grew.get('`inGlobal`'), [50, 100])
  assert.deepEqual(grew.get('`reassigned` in census-names.js'), [50, 100])
  assert.deepEqual(grew.get('timers of 86399999 ms'), [50, 100])
  assert.ok(!grew.has('`inClosure` in census-names.js'))
})

test('the app\'s containers stand before tables of packages, and no name twice', async () => {
  const { containers, problems } = await result('census-order.js')
  assert.deepEqual(problems, [])
  const names = containers.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  const [known, table] = ['`known` in census-order.js', '`db` in mime-types'].map((name) => names.indexOf(name))
  assert.ok(known >= 0 && table > known, names.join('\n'))
  assert.ok(containers[table].size > containers[known].size)
  assert.equal(containers.find(({ name }) => name.includes('items')).alike, 29)
})

test('what grew since an earlier census is told, also of what it did not list, and nothing else', async () => {
  const { nothing, nothingByJson, grown, grownByJson, fields, described } = await result('census-since.js')
  assert.deepEqual(nothing, [])
  assert.deepEqual(nothingByJson, [])
  assert.deepEqual(grown, [
    ['empty', 0, 5000],
    ['small', 1, 3000],
    ['rooms[…]', 5, 1000],
    ["require('./census-since').late", 0, 500],
    ['replaced.list', 100, 200]
  ])
  // JSON knows what is listed only, and not which of two is which.
  assert.deepEqual(grownByJson, [['small', 1, 3000], ['replaced.list', 100, 200]])
  assert.deepEqual(fields, ['time', 'containers', 'emitters', 'resources', 'cost', 'problems'])
  assert.deepEqual(described.holds, ['number'])
})

test('what is no earlier census is refused in words', async () => {
  for (const since of [{}, 3, { containers: [null], emitters: [] }, { containers: [{ key: 1, size: 1 }], emitters: [] }, { containers: [], emitters: ['x'] }]) {
    await assert.rejects(census({ since }), { code: 'ERR_TIDEMARK_OPTION' }, JSON.stringify(since))
  }
})

test('no line of the app runs, whatever its objects are', async () => {
  const { touched, containers, problems, findings } = await result('census-hostile.js')
  assert.deepEqual(touched, [])
  assert.deepEqual(problems, [])
  assert.ok(containers.some((text) => /badMap.*: 100$/.test(text)), containers.join('\n'))
  assert.ok(findings.some((text) => text.includes('badMap')), findings.join('\n'))
})

test('what the app lets go of is collected, in the middle of a walk and after it', async () => {
  const { midWalk, afterFindings, afterCensus, findings, containers } = await result('census-holds-nothing.js', { nodeArgs: ['--expose-gc'] })
  assert.deepEqual({ midWalk, afterFindings, afterCensus }, { midWalk: true, afterFindings: true, afterCensus: true })
  assert.ok(findings > 0 && containers > 2, 'they were looked at')
})

test('a container that grows at every count comes first, and one that is full or emptied does not', async () => {
  const { findings, silent, cost, problems } = await result('census-grows.js')
  assert.deepEqual(problems, [])
  const [first, ...others] = findings
  assert.match(first.description, /^`leak` in census-grows\.js, a Map, grew from \d+ to [\d,]+ entries in \d+ s; it holds Object, about \d+ bytes each; filled by work at census-grows\.js:\d+$/)
  assert.equal(first.kind, 'container')
  assert.equal(first.key, '__test__/programs/census-grows.js:leak')
  assert.equal(first.location.line, 16)
  assert.ok(first.links.includes(`file:${require.resolve('./programs/census-grows.js')}`))
  assert.ok(first.growth > 10000 && first.growth < first.bytes)
  assert.ok(first.confidence > 0.6)
  assert.ok(!findings.some(({ key }) => key.endsWith(':full')))
  assert.ok(others.every(({ confidence, growth }) => confidence * growth < first.confidence * first.growth))
  assert.deepEqual(silent, [], 'nothing is kept after stop()')
  assert.ok(cost.durationMs > 0 && cost.longestSliceMs > 0)
  assert.deepEqual(JSON.parse(JSON.stringify(findings)), findings)
})

test('of a Map of 10 million entries a few are looked at', async () => {
  const { largest, cost, problems } = await result('census-ten-million.js', { nodeArgs: ['--max-old-space-size=3000'], deadlineMs: 120000 })
  // What a table of that size takes is only known roughly.
  assert.ok(problems.every((problem) => problem.includes('were left out')), problems.join())
  assert.equal(largest.size, 1e7)
  assert.equal(largest.name, '`huge` in census-ten-million.js')
  assert.ok(cost.objects < 5000)
})

for (const [kind, seen] of [
  ['emitter', { "`require('./census-crowded').bus`": 400000 }],
  ['module', { "`require('./census-crowded').kept`": 1, "`require('./census-crowded').cache.#entries`, part of a Cache": 2 }],
  ['instance', { "`require('./census-crowded').store.sessions`, part of a Store": 1 }],
  ['entry', { "`require('./census-crowded').stores`": 2 }]
]) {
  test(`the keys of a crowded dictionary are not listed: ${kind}`, async () => {
    const { longest, sizes, problems, findings } = await result('census-crowded.js', { args: [kind] })
    assert.ok(longest < 10000, `${longest} keys were listed at a time`)
    for (const [name, size] of Object.entries(seen)) assert.equal(sizes[name], size, Object.keys(sizes).join('\n'))
    // An emitter tells how many events it has, and so accounts for its table.
    if (kind !== 'emitter') assert.match(problems.join(), /objects were left out/)
    if (kind === 'entry') assert.match(findings.join(), /stores/)
  })
}

test('between two lists of timers the app has its turn', async (t) => {
  const timers = Array.from({ length: 30 }, (_, i) => setTimeout(() => {}, 3600000 + i))
  t.after(() => timers.forEach(clearTimeout))
  const { scopes } = Scopes.open()
  t.after(() => scopes.close())
  let turns = 0
  const slices = { full: true, over: true, turn: async () => { turns++ }, end () {} }
  const told = []
  const walk = new Walk({ scopes, slices, found: (_, { shape }) => { if (shape === 'timers') told.push(turns) } })
  await walk.run()
  assert.ok(told.length >= 30)
  assert.equal(new Set(told).size, told.length)
})

test('without an inspector a census says what it cannot see', async () => {
  const { names, problems } = await result('census-inspector.js', { args: ['missing'] })
  assert.match(problems.join(), /without the inspector.*variables of functions/)
  assert.ok(names.some((name) => name.includes('exported')), names.join('\n'))
})

test('an attached debugger is left alone', async () => {
  const { names, problems } = await result('census-inspector.js', { nodeArgs: ['--inspect=127.0.0.1:0'] })
  assert.match(problems.join(), /debugger/)
  assert.ok(names.some((name) => name.includes('exported')), names.join('\n'))
  assert.ok(!names.some((name) => name.includes('hidden')))
})

test("an inspector session of the app's own is not disturbed, and nothing is left behind on the global object", async () => {
  const { names, problems, events, left } = await result('census-inspector.js', { args: ['session'] })
  assert.deepEqual({ problems, events }, { problems: [], events: [] })
  assert.ok(names.some((name) => name.includes('hidden')), names.join('\n'))
  assert.ok(!left.join().includes('tidemark'))
})

test('of scripts that are collected no name is kept', async () => {
  const { whileLiving, forgotten, file } = await result('census-scripts.js', { nodeArgs: ['--expose-gc'] })
  assert.ok(whileLiving > 2000)
  assert.ok(forgotten)
  assert.equal(file, '/srv/template-kept-0.js')
})

test('workers that end in the middle of a walk harm nobody', async () => {
  const { problems } = await result('census-in-workers.js', { deadlineMs: 120000 })
  assert.deepEqual(problems, [])
})

test('heap-wide, a Map without a name is counted too, and options are checked', async () => {
  const { heapWide, containers, refusals, refused } = await result('census-heap-wide.js')
  const { largest, count } = heapWide.find(({ type }) => type === 'Map')
  assert.deepEqual(largest.slice(0, 2), [{ size: 3000, name: '`named` in census-heap-wide.js' }, { size: 2000, name: null }])
  assert.ok(count >= 2)
  assert.ok(!containers.some(({ size }) => size === 2000))
  assert.deepEqual(refused.heapWide, [])
  assert.match(refused.problems.join('\n'), /^Maps that have no name were not looked for \(`heapWide`\): .* `maxPauseMs` is 1\.$/m)
  assert.deepEqual(refusals, ['ERR_TIDEMARK_OPTION', 'ERR_TIDEMARK_OPTION', 'ERR_TIDEMARK_UNKNOWN_OPTION'])
})

test('what waits outside of containers of the app is counted too: linked lists, marks, modules loaded again, events that nobody takes', async () => {
  const { findings, problems } = await result('census-waits.js')
  assert.deepEqual(problems, [])
  const found = (pattern) => findings.filter(({ description }) => pattern.test(description))
  assert.equal(found(/^`undo` in census-waits\.js, a list of Undos that are linked, grew from/).length, 1)
  assert.equal(found(/^`children` of module \.\/census-waits, an Array, .*it holds Module plugin\.js/).length, 1)
  assert.equal(found(/^the performance marks that were never cleared, .*it holds PerformanceMark, at least/).length, 1)
  assert.equal(found(/unconsumedEvents`, part of an EventEmitter/).length, 1)
  assert.equal(findings.length, 4, JSON.stringify(findings.map(({ description }) => description)))
})
