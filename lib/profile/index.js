'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')
const { createError } = require('../errors')
const { named } = require('../names')
const { readOptions, integer, abortSignal, optional } = require('../options')
const { AllocationRate, intervalFor } = require('../evidence/sites/allocation-rate')
const { toFindings } = require('../evidence/sites/finding')
const { growthBySite } = require('../evidence/sites/growth')
const { Sampler } = require('../evidence/sites/sampler')
const { Stacks } = require('../evidence/sites/stacks')
const { mustBeWritable, writeProfile } = require('./file')
const { readAssets, renderFlameGraph } = require('./flame-graph')
const { growthTree } = require('./growth-tree')

const OPTIONS = {
  durationMs: { default: 30000, check: integer(100, 3600000) },
  intervalBytes: { default: undefined, check: optional(integer(64, 1073741824)) },
  path: { default: undefined, check: optional(fileName()) },
  flameGraph: { default: undefined, check: optional(fileName()) },
  signal: { default: undefined, check: optional(abortSignal()) }
}

/** Names of files that pprof's tools open. */
const PPROF = /\.pb(\.gz)?$|\.pprof$/

/** How often the sampling is looked after. */
const LOOK_MS = 2000

/**
 * Samples for a while what the app allocates, and tells what of it is still alive, by the code that
 * allocated it. V8 collects garbage twice for it: half way, so that growth can be told, and at the end.
 * @param {{durationMs?: number, intervalBytes?: number, path?: string, flameGraph?: string, signal?: AbortSignal}} [given]
 */
async function profile (given) {
  const options = readOptions(given, OPTIONS)
  const { durationMs, signal } = options
  signal?.throwIfAborted()
  const files = { heapprofile: options.path ?? null, flamegraph: options.flameGraph ?? null }
  for (const file of Object.values(files)) if (file !== null) await mustBeWritable(file)
  const assets = files.flamegraph === null ? undefined : readAssets(files.flamegraph)
  const sampler = startSampling(options.intervalBytes ?? intervalFor(await allocationRate()))
  try {
    signal?.throwIfAborted()
    const stacks = new Stacks()
    await sampleFor(sampler, durationMs / 2, signal)
    // Of the first only the samples: its tree would stand in the last as allocated by tidemark.
    const { samples } = take(sampler, stacks)
    const first = { samples }
    await sampleFor(sampler, durationMs - sampler.ageMs, signal)
    const last = take(sampler, stacks)
    const { ageMs } = sampler
    sampler.stop()

    const startedAt = performance.now()
    const sites = toFindings(growthBySite(stacks, first, last), stacks, ageMs).map(toPublic)
    if (files.heapprofile !== null) await writeProfile(files.heapprofile, await contentsOf(files.heapprofile, last, stacks, sampler))
    if (files.flamegraph !== null && assets !== undefined) {
      const { intervalBytes } = sampler
      await writeProfile(files.flamegraph, renderFlameGraph(growthTree(first, last, stacks), { durationMs: ageMs, intervalBytes, sites }, assets))
    }
    return { profile: last, sites, cost: { durationMs: sampler.durationMs + performance.now() - startedAt }, files }
  } finally {
    sampler.stop()
  }
}

/** By the end of its name. V8's own form is text, pprof's is not. */
function contentsOf (file, profile, stacks, { ageMs, intervalBytes }) {
  if (!PPROF.test(file)) return JSON.stringify(profile)
  return require('./pprof').toPprof(profile, stacks, { endedAtMs: Date.now(), durationMs: ageMs, intervalBytes })
}

function allocationRate () {
  return new Promise((resolve) => { new AllocationRate().measure(resolve, { keepsAlive: true }) })
}

function startSampling (intervalBytes) {
  const started = Sampler.start(intervalBytes)
  if (started.sampler !== undefined) return started.sampler
  const { problem, busy } = started
  throw createError(busy ? 'ERR_TIDEMARK_PROFILE_BUSY' : 'ERR_TIDEMARK_PROFILE_UNAVAILABLE', [problem])
}

async function sampleFor (sampler, ms, signal) {
  const end = performance.now() + ms
  for (let left = ms; left > 0; left = end - performance.now()) {
    try {
      await wait(Math.min(left, LOOK_MS), undefined, { signal })
    } catch {
      throw signal.reason
    }
    const problem = sampler.check()
    if (problem !== undefined) throw createError('ERR_TIDEMARK_PROFILE_UNAVAILABLE', [problem])
  }
}

function take (sampler, stacks) {
  try {
    const profile = sampler.take()
    nameFunctions(profile)
    stacks.read(profile)
    return profile
  } catch (error) {
    throw createError('ERR_TIDEMARK_PROFILE_UNAVAILABLE', ['Somebody else stopped the heap profiler.'], { cause: error })
  }
}

/** A function that is called by data, as a method of a made-up name, is not shown as such. */
function nameFunctions ({ head }) {
  const open = [head]
  while (open.length > 0) {
    const { callFrame, children } = open.pop()
    callFrame.functionName = named(callFrame.functionName)
    for (const child of children) open.push(child)
  }
}

/** As a suspect of a leak: without what only the ranking needs. */
function toPublic ({ kind, key, description, bytes, growth, confidence, location, evidence }) {
  return { kind, key, description, bytes, growth, share: evidence[0].share, confidence, location, evidence }
}

function fileName () {
  return (value) => typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : 'the name of a file'
}

module.exports = { profile }
