'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, readdirSync, rmSync, statSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const autocannon = require('autocannon')
const { nodeFile, platformName } = require('../../scripts/platform')
const { stageMain, stagePlatform } = require('../../scripts/stage')
const { alternate, run } = require('./run')
const { median, spread } = require('../statistics')

/**
 * CPU time a collection costs beyond bare Node, in microseconds: the difference to the bare run of
 * the same round, over the number of collections. One thread collects, so that helpers do not blur
 * it. Ours is below what this can tell, so the callback's own clock is reported beside it.
 */
async function gc ({ peers, quick, progress }) {
  const withPeer = ['gc-stats', '@airbnb/node-memwatch', 'prom-client'].filter((name) => name in peers)
  const variants = ['bare', 'tidemark', "tidemark + 'gc' listener", 'PerformanceObserver', ...withPeer]
  const turns = quick ? '2000' : '6000'
  const measured = await alternate(variants, quick ? 1 : 9, (variant) => run('collect.js',
    [variant, turns, peers[variant] ?? ''], ['--single-threaded-gc', '--max-semi-space-size=1']), progress)
  const gcs = median(measured.PerformanceObserver.map((round) => round.gcs))
  const full = await alternate(['full'], quick ? 1 : 5, () => run('collect-full.js'), () => {})
  const fullUs = median(full.full.map((round) => round.majorUs))
  return variants.filter((variant) => variant !== 'bare').map((variant) => {
    const beyond = measured[variant].map((round, i) => (round.cpuUs - measured.bare[i].cpuUs) / gcs)
    const own = measured[variant].map((round) => round.callbackUs).filter((us) => us !== undefined)
    const { median: us, low, high } = spread(beyond)
    return { variant, usPerGc: us, low, high, gcs, callbackUs: own.length > 0 ? median(own) : undefined, fullUs: variant === 'tidemark' ? fullUs : undefined }
  })
}

/**
 * Requests per second and p99 latency of one Express app under autocannon, and its CPU time for a
 * request. Clients and server share the cores with all else that runs, so requests per second jump
 * about; CPU time is the server's own, and its inverse is what a core can serve.
 */
async function express ({ quick, progress }) {
  const variants = ['bare', 'a middleware that does nothing', 'tidemark (listener)', 'tidemark (middleware)', 'tidemark (collecting evidence)']
  const measured = await alternate(variants, quick ? 1 : 9, (variant) => load(variant, quick ? 1 : 6), progress)
  const shares = {}
  for (const variant of variants.slice(2)) shares[variant] = await ownShare(variant, quick ? 2 : 10)
  const ofBare = (variant, quotient) => spread(measured[variant].map((round, i) => quotient(round, measured.bare[i])))
  return variants.map((variant) => ({
    variant,
    requestsPerSecond: median(measured[variant].map((round) => round.requestsPerSecond)),
    p99Ms: median(measured[variant].map((round) => round.p99Ms)),
    cpuUs: median(measured[variant].map((round) => round.cpuUs)),
    ownShare: shares[variant],
    ratio: ofBare(variant, (round, bare) => round.requestsPerSecond / bare.requestsPerSecond),
    cpuRatio: ofBare(variant, (round, bare) => bare.cpuUs / round.cpuUs)
  }))
}

function load (variant, seconds) {
  return withServer(variant, async (ask, url) => {
    await autocannon({ url, connections: 20, duration: Math.min(2, seconds) })
    const before = await ask('cpu')
    const { requests, latency } = await autocannon({ url, connections: 20, duration: seconds })
    return { requestsPerSecond: requests.total / seconds, p99Ms: latency.p99, cpuUs: (await ask('cpu') - before) / requests.total }
  })
}

/**
 * The share of the server's time in which code of ours ran. Two processes of the same program differ by 6 % in what
 * a request takes; this is seen within one.
 */
function ownShare (variant, seconds) {
  return withServer(variant, async (ask, url) => {
    await autocannon({ url, connections: 20, duration: 2 })
    await ask('profile')
    await autocannon({ url, connections: 20, duration: seconds })
    return ask('share')
  })
}

async function withServer (variant, work) {
  const server = fork(path.join(__dirname, 'programs', 'server.js'), [variant])
  const ask = async (question) => {
    server.send(question)
    return (await once(server, 'message'))[0]
  }
  try {
    const [port] = await once(server, 'message')
    return await work(ask, `http://127.0.0.1:${port}/users/42`)
  } finally {
    server.disconnect()
    await once(server, 'exit')
  }
}

/** What require + start take beyond bare Node, in a fresh process each, and in one with a server's modules and garbage. */
async function start ({ peers, quick, progress }) {
  const withPeer = ['gc-stats', '@airbnb/node-memwatch', 'prom-client'].filter((name) => name in peers)
  const variants = ['bare', 'tidemark', 'PerformanceObserver', ...withPeer]
  const rows = variants.flatMap((variant) => ['fresh', 'server'].map((where) => ({ variant, where, key: `${variant}, ${where}` })))
  const byKey = Object.fromEntries(rows.map((row) => [row.key, row]))
  const measured = await alternate(rows.map(({ key }) => key), quick ? 1 : 21, (key) => {
    const { variant, where } = byKey[key]
    return run('start.js', [variant, where, peers[variant] ?? ''])
  }, progress)
  return rows.map(({ variant, where, key }) => {
    const beyond = (name) => spread(measured[key].map((round, i) => round[name] - measured[`bare, ${where}`][i][name]))
    return { variant, where, ms: beyond('ms'), cpuMs: beyond('cpuMs'), rss: beyond('rss').median, private: beyond('private').median }
  })
}

/** Bytes that tidemark keeps for itself, by its own account, at the default options. */
async function memory () {
  const { ownMemory } = await run('own-memory.js')
  return [{ variant: 'tidemark', ownMemory }]
}

/** Bytes of the installed files: the main package and one platform package, staged as they are published. */
async function size () {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-size-'))
  try {
    stageMain(path.join(folder, 'tidemark'))
    stagePlatform(path.join(folder, 'platform'), platformName(), path.join(__dirname, '..', '..', nodeFile()))
    const sizes = readdirSync(folder).sort().map((name) => ({ variant: name, unpackedSize: bytesBelow(path.join(folder, name)) }))
    return [...sizes, { variant: 'together', unpackedSize: sizes.reduce((sum, { unpackedSize }) => sum + unpackedSize, 0) }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function bytesBelow (folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const file = path.join(folder, entry.name)
    return sum + (entry.isDirectory() ? bytesBelow(file) : statSync(file).size)
  }, 0)
}

module.exports = { gc, express, start, memory, size }
