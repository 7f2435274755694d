'use strict'

/**
 * How long reading a heap snapshot takes, and how much memory: tidemark's analyser beside memlab
 * and Chrome DevTools' own model, each in a process of its own on the same files.
 *
 *     node bench/snapshot/index.js [--quick] [--alone] [--only small,medium,large] [--node PATH] [--keep]
 *
 * --quick measures the small file alone, by a build that is not optimised, to see that it works; --alone leaves the peers
 * out; --node is the Node.js that runs the peers (DevTools'
 * model wants 22 or later); --keep leaves the generated snapshots in .cache.
 */

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { installPeers } = require('./peers.js')

const HOME = __dirname
const FILES = path.join(__dirname, '..', '..', '.cache', 'snapshots')
/** For each size the scale of heap.js, which adds about 2.1 MB of snapshot each. */
const SCALES = { small: 2, medium: 92, large: 710 }

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    alone: { type: 'boolean' },
    only: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    keep: { type: 'boolean' }
  }
})

main()

function main () {
  const names = options.quick ? ['small'] : (options.only ?? Object.keys(SCALES).join()).split(',')
  const log = (line) => console.error(line)
  const own = build(log)
  const peers = options.alone ? {} : installPeers(log)
  const memory = ['--max-old-space-size=16000']
  const tools = {
    tidemark: (file) => run(own, [file]),
    devtools: peers.devtools && ((file) => run(options.node, [...memory, path.join(HOME, 'devtools.mjs'), peers.devtools, file])),
    memlab: peers.memlab && ((file) => run(options.node, [...memory, path.join(HOME, 'memlab.js'), peers.memlab, file]))
  }
  fs.mkdirSync(FILES, { recursive: true })
  for (const name of names) {
    const file = generate(name, log)
    const megabytes = fs.statSync(file).size / 1e6
    const results = []
    for (const [tool, measure] of Object.entries(tools)) {
      if (measure) results.push({ tool, ...measure(file) })
    }
    print(name, megabytes, results)
    if (!options.keep) fs.rmSync(file)
  }
}

function build (log) {
  log('building the analyser')
  const profile = options.quick ? [] : ['--release']
  execFileSync('cargo', ['build', ...profile, '--quiet', '--manifest-path', path.join(HOME, 'Cargo.toml')], { stdio: 'inherit' })
  const target = process.env.CARGO_TARGET_DIR ?? path.join(HOME, 'target')
  return path.join(target, options.quick ? 'debug' : 'release', 'tidemark-bench-snapshot')
}

function generate (name, log) {
  const file = path.join(FILES, `${name}.heapsnapshot`)
  if (!fs.existsSync(file)) {
    log(`writing ${file}`)
    const part = `${file}.part`
    execFileSync(process.execPath, ['--max-old-space-size=16000', path.join(HOME, 'heap.js'), part, String(SCALES[name]), '--leak', '1000'])
    fs.renameSync(part, file)
  }
  return file
}

/** The last line that a tool prints is its result. */
function run (command, args) {
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 1_800_000, maxBuffer: 1 << 28 })
  if (status !== 0) return { failed: signal ?? stderr.split('\n').find((line) => line.includes('Error')) ?? `exit code ${status}` }
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

function print (name, megabytes, results) {
  const own = results.find(({ tool }) => tool === 'tidemark')
  console.log(`\n${name}: ${megabytes.toFixed(0)} MB, ${own.nodes} nodes\n`)
  console.log('tool        seconds   CPU seconds   peak RSS   RSS / file   slower')
  for (const { tool, failed, totalMs, cpuMs, peakMb } of results) {
    if (failed) {
      console.log(`${tool.padEnd(10)}  failed: ${failed}`)
      continue
    }
    const columns = [
      (totalMs / 1000).toFixed(2).padStart(7),
      (cpuMs / 1000).toFixed(2).padStart(11),
      `${(peakMb * 1.048576).toFixed(0)} MB`.padStart(10),
      (peakMb * 1.048576 / megabytes).toFixed(2).padStart(10),
      `${(totalMs / own.totalMs).toFixed(1)}x`.padStart(9)
    ]
    console.log(`${tool.padEnd(10)}  ${columns.join('   ')}`)
  }
}
