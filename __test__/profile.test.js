'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { gunzipSync } = require('node:zlib')
const { Profile } = require('pprof-format')
const { result } = require('./helpers/child')
const { checkPage } = require('./helpers/page')
const { profile } = require('../lib/profile')
const { toPprof } = require('../lib/profile/pprof')
const { growthTree, MOST_NODES } = require('../lib/profile/growth-tree')

function program (options, mode) {
  return result('profile-app.js', { args: [JSON.stringify(options), ...(mode ? [mode] : [])] })
}

function temporaryFolder (t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  return folder
}

test('a profile names the function whose allocations stay, and what it cost', async () => {
  const { sites: [site], cost, root, samples, files } = await program({ durationMs: 3000, intervalBytes: 2048 })
  assert.equal(site.location.function, 'leakyStore')
  assert.deepEqual(Object.keys(site), ['kind', 'key', 'description', 'bytes', 'growth', 'share', 'confidence', 'location', 'evidence'])
  assert.ok(cost.durationMs > 0)
  assert.equal(root, '(root)')
  assert.ok(samples > 10)
  assert.deepEqual(files, { heapprofile: null, flamegraph: null })
})

test('the files are whole, private and alone in their folder', async (t) => {
  const folder = temporaryFolder(t)
  const [heapprofile, flamegraph] = ['app.heapprofile', 'app.html'].map((name) => path.join(folder, name))
  const { files } = await program({ durationMs: 2000, intervalBytes: 2048, path: heapprofile, flameGraph: flamegraph })
  assert.deepEqual(files, { heapprofile, flamegraph })
  assert.deepEqual(fs.readdirSync(folder).sort(), ['app.heapprofile', 'app.html'])
  if (process.platform !== 'win32') {
    for (const file of Object.values(files)) assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  }

  const { head, samples } = JSON.parse(fs.readFileSync(heapprofile, 'utf8'))
  const isNode = ({ id, selfSize, callFrame, children }) => Number.isInteger(id) && Number.isFinite(selfSize) &&
    typeof callFrame.url === 'string' && typeof callFrame.scriptId === 'string' && children.every(isNode)
  assert.ok(isNode(head), 'what DevTools reads')
  assert.ok(samples.every(({ size, nodeId, ordinal }) => size > 0 && nodeId > 0 && ordinal > 0))

  const html = fs.readFileSync(flamegraph, 'utf8')
  assert.doesNotMatch(html, /<script>alert/, 'names of functions may be data')
  const { frames, root, sites } = checkPage(html)
  assert.ok(frames.some(([name, place, owner]) => name === 'leakyStore' && /profile-app\.js:\d+$/.test(place) && owner === 'app'))
  assert.ok(frames.every(([name]) => !name.includes('alert(1)')))
  assert.ok(root[1] > 0)
  assert.equal(sites[0].name, 'leakyStore')
})

test('by its name the file is in the format of pprof, and an independent reader finds the function that leaks', async (t) => {
  const file = path.join(temporaryFolder(t), 'app.pb.gz')
  await program({ durationMs: 2000, intervalBytes: 2048, path: file })
  if (process.platform !== 'win32') assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  const profile = Profile.decode(gunzipSync(fs.readFileSync(file)))
  const text = (at) => profile.stringTable.strings[Number(at)]
  // The rules of Go's CheckValid: the empty text first, every id named once and above 0, as many values as types.
  assert.equal(text(0), '')
  assert.deepEqual(profile.sampleType.map(({ type, unit }) => [text(type), text(unit)]), [['inuse_space', 'bytes']])
  const functions = new Map(profile.function.map((each) => [Number(each.id), each]))
  const locations = new Map(profile.location.map((each) => [Number(each.id), each]))
  assert.deepEqual([functions.size, locations.size, functions.has(0), locations.has(0)], [profile.function.length, profile.location.length, false, false])
  assert.ok(profile.location.every(({ line }) => line.length === 1 && functions.has(Number(line[0].functionId))))
  assert.ok(profile.sample.length > 5)
  assert.ok(profile.sample.every(({ value, locationId }) => value.length === 1 && Number(value[0]) > 0 && locationId.every((id) => locations.has(Number(id)))))
  const nameOf = (id) => functions.get(Number(locations.get(Number(id)).line[0].functionId))
  const leaky = profile.sample.find(({ locationId }) => text(nameOf(locationId[0]).name) === 'leakyStore')
  assert.match(text(nameOf(leaky.locationId[0]).filename), /profile-app\.js$/)
  assert.ok(Number(nameOf(leaky.locationId[0]).startLine) > 1)
  assert.ok(Math.abs(Number(profile.timeNanos) / 1e6 - Date.now()) < 120000, 'nanoseconds since 1970')
  assert.equal(Number(profile.period), 2048)
})

test('an app of many functions has a file of pprof too, and goes on while it is built', async () => {
  const functions = 60000
  const head = { children: Array.from({ length: functions }, (_, i) => ({ selfSize: 16, callFrame: { functionName: `f${i}` }, children: [] })) }
  const stacks = { frameOf: ({ functionName }) => ({ name: functionName, location: { file: 'app.js', line: 1 } }) }
  let turns = 0
  const app = setInterval(() => { turns++ })
  const file = await toPprof({ head }, stacks, { endedAtMs: Date.now(), durationMs: 1000, intervalBytes: 2048 })
  clearInterval(app)
  assert.ok(turns > 5, `${turns} turns`)
  const { function: read, location, sample, stringTable: { strings } } = Profile.decode(gunzipSync(file))
  assert.deepEqual([read.length, location.length, sample.length], [functions, functions, functions])
  assert.equal(new Set(read.map(({ name }) => strings[Number(name)])).size, functions)
})

test("in pprof's form functions without a name are told apart", async () => {
  const head = { children: [3, 8].map((line) => ({ selfSize: 16, callFrame: { functionName: '', lineNumber: line - 1 }, children: [] })) }
  const stacks = { frameOf: () => ({ name: null, location: null, url: '/srv/app.js' }) }
  const file = await toPprof({ head }, stacks, { endedAtMs: Date.now(), durationMs: 1000, intervalBytes: 2048 })
  const { function: read, stringTable: { strings } } = Profile.decode(gunzipSync(file))
  assert.deepEqual(read.map(({ name }) => strings[Number(name)]).sort(), ['(anonymous) app.js:3', '(anonymous) app.js:8'])
})

test('wrong options are told before anything begins', async () => {
  for (const [options, expected] of [
    [{ durationMs: 5 }, /`durationMs` to be an integer from 100 to 3600000, got 5/],
    [{ intervalBytes: '1' }, /`intervalBytes`/],
    [{ path: '' }, /`path` to be the name of a file, got ''/],
    [{ flameGraph: true }, /`flameGraph` to be the name of a file, got true/],
    [{ signal: {} }, /`signal` to be an AbortSignal, got an object/],
    [{ flamegraph: 'a.html' }, /Did you mean `flameGraph`\?/]
  ]) {
    await assert.rejects(profile(options), (error) => expected.test(error.message) && error.code.startsWith('ERR_TIDEMARK_'))
  }
})

test('a file that cannot be written is told before the sampling', async () => {
  for (const file of [path.join(os.tmpdir(), 'no', 'such', 'folder', 'a.html'), os.tmpdir()]) {
    await assert.rejects(profile({ flameGraph: file, durationMs: 3600000 }), { code: 'ERR_TIDEMARK_PROFILE_FILE' })
  }
})

test('a flame graph that a bundler left in pieces is told before the sampling', async (t) => {
  const folder = temporaryFolder(t)
  const root = path.join(__dirname, '..')
  for (const name of ['lib', 'package.json']) fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
  fs.rmSync(path.join(folder, 'lib', 'profile', 'flame-graph', 'style.css'))
  const bundled = require(path.join(folder, 'lib', 'profile')).profile
  await assert.rejects(bundled({ flameGraph: path.join(folder, 'a.html'), durationMs: 3600000 }), {
    code: 'ERR_TIDEMARK_PROFILE_FILE',
    message: /'.*a\.html': what it is made of is not there \(ENOENT.*style\.css.*\)\. A bundler left it out: mark tidemark as external\.$/
  })
})

test('a signal that was aborted before means no profile, with its reason', async () => {
  const reason = new Error('never mind')
  await assert.rejects(profile({ signal: AbortSignal.abort(reason) }), (error) => error === reason)
})

test('a signal ends a profile with its reason', async () => {
  const { error } = await program({ durationMs: 3600000 }, 'abort')
  assert.equal(error.message, 'enough')
})

test('a second profile at the same time is refused, and the first goes on', async () => {
  const { error } = await program({ durationMs: 1500 }, 'twice')
  assert.equal(error.code, 'ERR_TIDEMARK_PROFILE_BUSY')
  assert.match(error.message, /Another profile of tidemark is being taken\. Try again when that has ended\./)
})

test('while a debugger may connect there is no profile', async () => {
  const { error } = await program({ durationMs: 1000 }, 'debugger')
  assert.equal(error.code, 'ERR_TIDEMARK_PROFILE_UNAVAILABLE')
  assert.match(error.message, /open for a debugger/)
})

test('a profiler that somebody else stopped is told', async () => {
  const { error } = await program({ durationMs: 3000 }, 'stopped')
  assert.equal(error.code, 'ERR_TIDEMARK_PROFILE_UNAVAILABLE')
  assert.match(error.message, /Somebody else stopped/)
})

test('the tree tells what grew, and keeps the heaviest branches of many', () => {
  let id = 1
  const leaf = (selfSize) => ({ id: ++id, selfSize, callFrame: { functionName: `f${id}` }, children: [] })
  const head = { id: 1, selfSize: 0, callFrame: {}, children: Array.from({ length: MOST_NODES + 100 }, (_, i) => leaf(i + 1)) }
  const nodeId = id
  const at = (ordinals) => ({ head, samples: ordinals.map((ordinal) => ({ ordinal, size: 10, nodeId })) })
  const tree = growthTree(at([1, 2, 3, 4]), at([1, 2, 3, 4, 5, 6, 7, 8]), { frameOf: ({ functionName }) => ({ name: functionName }) })
  assert.equal(tree.growth, 30)
  assert.equal(tree.children.length, MOST_NODES - 1)
  assert.equal(tree.children[0].growth, 30)
  assert.equal(tree.total, head.children.reduce((sum, { selfSize }) => sum + selfSize, 0))
})
