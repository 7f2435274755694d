'use strict'

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { after, test } = require('node:test')
const tidemark = require('..')
const { CODES } = require('../lib/errors')
const { EVIDENCE_NAMES } = require('../lib/evidence/sources')
const { evidencePayload, leakPayload, recoveredPayload } = require('../lib/leak')
const { OPTIONS } = require('../lib/options')
const { leakRecord } = require('./helpers/fake-binding')

after(() => tidemark.stop())

const text = readFileSync(path.join(__dirname, '..', 'index.d.ts'), 'utf8')

/** Of an interface, the names of its members: those that stand one step within it. */
function membersOf (name) {
  const [, body] = new RegExp(`^ {2}interface ${name}\\b[^{]*\\{\\n(.*?)^ {2}\\}`, 'ms').exec(text)
  return [...body.matchAll(/^ {4}(?:readonly )?(\w+)(\??) ?[:(<]/gm)].map(([, member, mark]) => ({ name: member, isOptional: mark !== '' }))
}

/** Of a union of texts. */
function valuesOf (type) {
  const [, body] = new RegExp(`^ {2}type ${type} = ([^\\n]*)`, 'm').exec(text)
  return [...body.matchAll(/'([^']*)'/g)].map(([, value]) => value)
}

const declared = (name) => [...new Set(membersOf(name).map((member) => member.name))].sort()

/** All that must be there is, and all that is there is declared. */
function agrees (name, object) {
  const keys = Object.keys(object)
  const missing = membersOf(name).filter((member) => !member.isOptional && !keys.includes(member.name)).map((member) => member.name)
  const unknown = keys.filter((key) => !declared(name).includes(key))
  assert.deepEqual({ missing, unknown }, { missing: [], unknown: [] }, name)
}

test('the options that are declared are those that are read', () => {
  assert.deepEqual(declared('Options'), Object.keys(OPTIONS).sort())
  assert.deepEqual(valuesOf('EvidenceName').sort(), [...EVIDENCE_NAMES].sort())
})

test('the codes that are declared are those of errors', () => {
  const [, body] = /^ {2}interface TidemarkError\b.*?^ {4}code:\n(.*?)^ {4}\/\*\*/ms.exec(text)
  assert.deepEqual([...body.matchAll(/'(\w+)'/g)].map(([, code]) => code).sort(), [...CODES].sort())
})

test('payloads have the fields that are declared', () => {
  const toDate = (ms) => new Date(ms)
  agrees('Leak', leakPayload(leakRecord(), toDate, { detector: 'trend' }))
  agrees('Recovered', recoveredPayload(leakRecord(), toDate))
  const suspect = { kind: 'site', description: 'f', evidence: [], location: null }
  agrees('LeakEvidence', evidencePayload('heap', 'tidemark:heap', [suspect]))
})

test('status(), history() and the module have what is declared', async () => {
  tidemark.start()
  tidemark.gc()
  const [stats, gc] = await Promise.all(['stats', 'gc'].map((event) => new Promise((resolve) => tidemark.once(event, resolve) && tidemark.gc())))
  agrees('Gc', gc)
  // Its other names are those of v8.getHeapStatistics().
  for (const { name } of membersOf('Stats').filter(({ isOptional }) => !isOptional)) assert.ok(Object.hasOwn(stats, name), name)
  const status = tidemark.status()
  agrees('RunningStatus', status)
  for (const channel of Object.values(status.channels)) agrees('ChannelStatus', channel)
  agrees('History', tidemark.history())
  agrees('HistorySample', tidemark.history().samples[0])
  for (const { name } of membersOf('Tidemark')) assert.ok(name in tidemark, name)
})
