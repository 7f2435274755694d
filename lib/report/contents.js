'use strict'

const path = require('node:path')
const { isCredible } = require('../confidence')
const { harmless, shownName } = require('../markdown')
const { redactSecrets, redactSentence } = require('./redact')

const SCHEMA = Object.freeze({ name: 'tidemark-report', version: 1 })

const MOST_SUSPECTS = 3
const MOST_OBSERVATIONS = 3
/** Of a path in a heap, those next to what grows. */
const MOST_STEPS = 6
/** Of a text. */
const LONGEST = 1000

/** What holds what grows, rather than what allocates it. */
const HOLDERS = ['container', 'listeners', 'retainer', 'path']

const SUBJECTS = { heap: 'The JavaScript heap', external: 'External memory', native: 'Native memory', resources: 'The number of handles' }

const EVIDENCE_WORDS = {
  routes: 'which requests outlive their response',
  sites: 'which code allocates what stays',
  containers: 'which Maps, arrays and caches grow',
  listeners: 'which emitters have too many listeners',
  resources: 'which handles become more'
}

/**
 * What a report says of a leak: the same facts as Markdown, JSON and a chart. Every text is redacted here,
 * so that what writes it needs to know of no secret.
 * @param {object} facts
 * @param {import('../..').Leak} facts.leak the 'leak' event
 * @param {import('../..').LeakSuspect[]} facts.suspects what is known of them now
 * @param {'leaking' | 'recovered'} facts.state
 * @param {import('../..').RunningStatus} facts.status `status()`
 * @param {Record<string, any>} facts.options of the session
 * @param {import('../flight/identity').Identity} facts.identity who the process is
 * @param {import('../..').Health} facts.health `health()`
 * @param {string} facts.command which checks a fix
 * @param {Date} facts.written
 */
function leakReport ({ leak, suspects, state, status, options, identity, health, command, written }) {
  const shown = suspects.slice(0, MOST_SUSPECTS).map(suspectOf)
  return {
    ...head(written),
    state,
    title: `${SUBJECTS[leak.channel]} ${state === 'recovered' ? 'leaked, and has recovered' : 'leaks'}`,
    verdict: { sentence: sentence(leak.message), why: why(leak), health: health.state, reason: health.reason },
    nearHeapLimit: null,
    signature: sentence(leak.signature),
    channel: leak.channel,
    channels: leak.channels,
    numbers: {
      growth: leak.growth,
      since: leak.start,
      until: leak.end,
      fullGcs: leak.fullGcs,
      growthRate: leak.growthRate,
      growthRateInterval: leak.growthRateInterval,
      growthPerRequest: leak.growthPerRequest,
      confidence: leak.confidence,
      level: leak.level,
      timeToLimitMs: leak.timeToLimit === null ? null : leak.timeToLimit * 1000,
      limit: leak.limit
    },
    suspects: shown,
    process: processOf(identity, leak, status),
    limits: limitsOf(status, options),
    notSeen: notSeen({ leak, suspects: shown, status, options, state }),
    check: { command }
  }
}

/**
 * What is known of a process that has reported no leak, for the moment in which V8's heap is full.
 * @param {Omit<Parameters<typeof leakReport>[0], 'leak' | 'suspects' | 'state'> & {thread: {pid: number, threadId: number}}} facts as of `leakReport`, without a leak
 */
function heapReport ({ thread, status, options, identity, health, command, written }) {
  const { state, growth = null, growthRate = null, level = null, fullGcs = null, heldBackBy = null } = status.channels?.heap ?? {}
  return {
    ...head(written),
    state: 'heap-limit',
    title: 'The JavaScript heap is full',
    verdict: {
      sentence: `No leak had been reported.${state === undefined ? '' : ` When tidemark last looked, the heap was ${state}${heldBackBy === null ? '' : ` (${sentence(heldBackBy)})`}.`}`,
      why: 'A heap that fills within seconds is full before a trend can be told from it.',
      health: health.state,
      reason: health.reason
    },
    nearHeapLimit: null,
    signature: null,
    channel: 'heap',
    channels: ['heap'],
    numbers: { growth, growthRate, level, fullGcs },
    suspects: [],
    process: processOf(identity, thread, status),
    limits: limitsOf(status, options),
    notSeen: ['Which code allocated it: no leak had been reported, so no suspects were named.', ...problemsOf(status)],
    check: { command }
  }
}

/**
 * The same form from snapshots.
 * @param {{suspects: import('../..').SnapshotSuspect[], totalSize: number, totalSizeBefore?: number, nodes: number}} json what `tidemark suspects --json` says
 * @param {string[]} files the earliest first
 * @param {string} command
 * @param {Date} written
 */
function snapshotReport (json, files, command, written) {
  const { suspects, totalSize, totalSizeBefore, nodes } = json
  const growth = totalSizeBefore === undefined ? null : totalSize - totalSizeBefore
  const certain = suspects.filter(isCredible)
  return {
    ...head(written),
    state: certain.length > 0 ? 'suspected' : 'unsuspicious',
    title: certain.length > 0 ? 'Suspects in heap snapshots' : 'Nothing stands out in these heap snapshots',
    verdict: {
      sentence: certain.length > 0 ? sentence(`Most likely: ${harmless(certain[0].description, certain[0].path, [certain[0].class])}.`) : 'No suspect of medium or high confidence.',
      why: growth === null
        ? 'One snapshot shows what is large, not what grows: two of the same process, taken minutes apart under load, are far more certain.'
        : 'What is in both snapshots and has grown is what a leak does; a collection goes before each snapshot.',
      health: null,
      reason: null
    },
    nearHeapLimit: null,
    signature: null,
    channel: 'heap',
    channels: ['heap'],
    numbers: { growth, level: totalSize, objects: nodes },
    suspects: suspects.slice(0, MOST_SUSPECTS).map(snapshotSuspectOf),
    process: null,
    limits: null,
    files: files.map((file) => redactSecrets(path.basename(file))),
    notSeen: ['Memory outside of V8\'s heap: native addons, and the contents of Buffers.', 'Requests and routes: a snapshot knows none.'],
    check: { command }
  }
}

function head (written) {
  return { schema: SCHEMA, tidemark: require('../../package.json').version, written }
}

/** Of what tidemark says of an app. */
function sentence (text) {
  return redactSentence(String(text).slice(0, LONGEST))
}

/** @param {import('../..').LeakSuspect} suspect */
function suspectOf ({ kind, key, description, location, share, bytes, growth, confidence, evidence = [] }) {
  const of = (...kinds) => [{ kind, description }, ...evidence].find((each) => kinds.includes(each.kind))
  const route = of('route')
  const holder = of('path') ?? of(...HOLDERS)
  return {
    kind,
    key: sentence(key),
    description: sentence(description),
    location: placeOf(location),
    route: kind === 'route' ? sentence(key) : route === undefined ? null : sentence(route.description),
    heldBy: holder === undefined ? null : sentence(holder.description),
    share,
    bytes,
    growth,
    confidence,
    observations: evidence.slice(0, MOST_OBSERVATIONS).map((each) => sentence(each.description))
  }
}

/** @param {import('../..').SnapshotSuspect} suspect */
function snapshotSuspectOf ({ id, kind, class: type, description, holder, share, shareOfHeap, bytes, growth, confidence, location, path: steps }) {
  return {
    id,
    kind,
    key: sentence(harmless(holder, steps, [type])),
    description: sentence(harmless(description, steps, [type])),
    location: placeOf(location),
    route: null,
    heldBy: sentence(`it lives because of ${steps.slice(-MOST_STEPS).map(stepInWords).join(' → ')}`),
    share,
    shareOfHeap,
    bytes,
    growth,
    confidence,
    observations: []
  }
}

/** '.request: Function', 'variable requests: Map'. */
function stepInWords ({ class: name, edge }) {
  const of = shownName(name)
  if (edge?.type === 'property') return `.${shownName(edge.name)}: ${of}`
  return edge?.type === 'context' ? `variable ${shownName(edge.name)}: ${of}` : of
}

/** In the folder of the app its path within that, which says nothing of the machine. */
function placeOf (location) {
  if (!location?.file) return null
  const relative = path.isAbsolute(location.file) ? path.relative('.', location.file) : location.file
  const file = relative.startsWith('..') ? location.file : relative
  return { file: redactSecrets(file), line: location.line ?? null, column: location.column ?? null, function: location.function ? sentence(location.function) : null }
}

function why ({ fullGcs, confidence, growthRateInterval, channels }) {
  const parts = [`What is left after a full GC rose over ${fullGcs} of them`]
  if (growthRateInterval !== null && growthRateInterval[0] > 0) parts.push('the 90 % interval of its slope lies above zero')
  if (confidence === null) parts.push('each was higher than the one before (memwatch\'s rule)')
  if (channels.length > 1) parts.push(`${channels.slice(1).join(' and ')} memory rises with it, and is one leak with it`)
  return `${parts.join('; ')}.`
}

function processOf ({ name, version, node, platform, args, nodeArgs, startedMs }, { pid, threadId }, { uptimeMs }) {
  return { name, version, pid, threadId, node, platform, args, nodeArgs, started: new Date(startedMs), watchedMs: Math.round(uptimeMs) }
}

/** @param {{memory?: Partial<import('../..').RunningStatus['memory']>}} status @param {{memoryLimit?: number}} options of the session */
function limitsOf ({ memory = {} }, { memoryLimit }) {
  const { rss = null, heapSizeLimit = null, usedHeapSize = null, machineAvailable = null, cgroup } = memory
  return {
    rss,
    usedHeapSize,
    heapSizeLimit,
    container: cgroup === undefined ? null : { limit: cgroup.limit, usage: cgroup.usage, slows: cgroup.slows === true },
    memoryLimit: memoryLimit ?? null,
    machineAvailable
  }
}

/** What nobody looked for, so that nobody takes it for absent. */
function notSeen ({ leak: { channel }, suspects, status, options, state }) {
  const off = Object.keys(EVIDENCE_WORDS).filter((name) => !options.evidence.includes(name))
  const snapshots = ['heap', 'external'].includes(channel)
  const isHeld = suspects.some(({ heldBy }) => heldBy !== null)
  return [
    state !== 'recovered' && status.evidence.collecting && 'Evidence is still being collected: this file is written again when there is more.',
    suspects.length === 0 && 'No suspect was found.',
    suspects.length > 0 && suspects.every(({ location }) => location === null) && 'Where in the code: no suspect has a file and a line.',
    off.length > 0 && `Not looked for, since \`evidence\` leaves it out: ${off.map((name) => EVIDENCE_WORDS[name]).join('; ')}.`,
    snapshots && options.snapshots === 'off' && 'No heap snapshots were compared (`snapshots: \'off\'`).',
    snapshots && !isHeld && 'What waits for a promise, and the variables of suspended async functions: a heap snapshot shows them.',
    channel === 'native' && 'What native addons allocate is known in sum only.',
    status.requests === undefined && 'Requests are not counted.',
    ...problemsOf(status)
  ].filter(Boolean)
}

/** @param {{problems?: string[]}} status */
function problemsOf ({ problems = [] }) {
  return problems.map((problem) => redactSecrets(problem.slice(0, LONGEST)))
}

module.exports = { SCHEMA, heapReport, leakReport, snapshotReport }
