'use strict'

// Runs the recipes of docs/stepping-aside.md with the real packages: each is made critical under keep-alive
// load, and must leave, or be replaced, without a failed request. `npm run test:recipes [-- --only NAME]`

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const { ROOT } = require('./steps')

const DOCUMENT = path.join(ROOT, 'docs', 'stepping-aside.md')
/** Preloaded: SIGUSR2 makes the recipe critical. */
const PRELOAD = path.join(ROOT, '__test__', 'helpers', 'critical-on-signal.js')
const MODULES = path.join(ROOT, 'node_modules')
const DEADLINE_MS = 40000

/** By the heading: the packages, the least Node.js that they run on, how many processes there are. */
const RECIPES = {
  'Plain http': { packages: [], node: 18, processes: 1 },
  Cluster: { packages: [], node: 18, processes: 3 },
  Fastify: { packages: ['fastify'], node: 20, processes: 1 },
  '@godaddy/terminus': { packages: ['@godaddy/terminus'], node: 18, processes: 1, says: /closing the database/ },
  lightship: { packages: ['lightship'], node: 22, processes: 1 },
  PM2: { packages: ['pm2'], node: 18, processes: 3 }
}

/**
 * @param {string} name
 * @returns {Promise<{answered: number, failed: string[], left: number, ends: string, said: string}>} left: of the
 *   processes that were there at the beginning; ends: how the one that was started ended, where it did
 */
async function tryRecipe (name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-recipe-'))
  try {
    prepare(name, folder)
    return await (name === 'PM2' ? tryUnderPm2(folder) : tryAlone(name, folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function prepare (name, folder) {
  const [code] = blocksOf(name)
  writeFileSync(path.join(folder, 'app.js'), name === 'PM2' ? blocksOf('Plain http')[0] : code)
  if (name === 'PM2') writeFileSync(path.join(folder, 'ecosystem.config.js'), `${code}\nmodule.exports.apps[0].node_args = '--require ${PRELOAD}'\n`)
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "my-service", "private": true }')
  mkdirSync(path.join(folder, 'node_modules', '@godaddy'), { recursive: true })
  symlinkSync(ROOT, path.join(folder, 'node_modules', 'tidemark'))
  for (const each of RECIPES[name].packages) symlinkSync(path.join(MODULES, each), path.join(folder, 'node_modules', each))
}

/** @returns {string[]} the code below a heading */
function blocksOf (name) {
  const text = readFileSync(DOCUMENT, 'utf8')
  const from = text.indexOf(`### ${name}\n`)
  const rest = text.slice(from + 4)
  const section = rest.slice(0, /^##/m.exec(rest)?.index)
  return [...section.matchAll(/^```js.*\n([^]*?)^```$/gm)].map(([, code]) => code)
}

async function tryAlone (name, folder) {
  const { processes } = RECIPES[name]
  const port = await freePort()
  const child = spawn(process.execPath, ['--require', PRELOAD, 'app.js'], { cwd: folder, env: { ...process.env, TMPDIR: folder, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text })
  const count = (word) => said.split(`recipe: ${word}`).length - 1
  let isGone = false
  const ended = once(child, 'exit').finally(() => { isGone = true })
  try {
    await until(() => count('listens') === processes, () => said)
    const load = underLoad(port, () => isGone || count('left') >= processes)
    await wait(300)
    child.kill('SIGUSR2')
    const result = await load
    const [code, signal] = processes === 1 ? await ended : []
    return { ...result, left: processes === 1 ? Number(isGone) : count('left'), ends: String(signal ?? code), said }
  } finally {
    try { process.kill(-Number(child.pid), 'SIGKILL') } catch {}
  }
}

async function tryUnderPm2 (folder) {
  const port = await freePort()
  const env = { ...process.env, PM2_HOME: path.join(folder, 'home'), TMPDIR: folder, PORT: String(port) }
  const pm2 = (...args) => execFileSync(process.execPath, [path.join(MODULES, 'pm2', 'bin', 'pm2'), ...args], { cwd: folder, env, encoding: 'utf8' })
  const pids = () => JSON.parse(/** @type {RegExpExecArray} */ (/^\[.*\]$/m.exec(pm2('jlist')))[0]).map(({ pid }) => pid)
  try {
    pm2('start', 'ecosystem.config.js')
    await wait(2000)
    const before = pids()
    let left = 0
    const load = underLoad(port, () => left === before.length)
    for (const pid of before) process.kill(pid, 'SIGUSR2')
    await until(() => {
      left = before.filter((pid) => !existsSync(`/proc/${pid}`)).length
      return left === before.length
    }, () => pm2('list'))
    return { ...await load, left, ends: '', said: '' }
  } finally {
    pm2('kill')
  }
}

/** Until all have left who were there: those that take over are asked as well. */
function underLoad (port, isOver) {
  const { askWithoutPause } = require('../__test__/helpers/keep-alive')
  const endsAt = Date.now() + DEADLINE_MS
  return askWithoutPause(port, { clients: 10, until: () => isOver() || Date.now() > endsAt })
}

async function until (condition, said) {
  for (const endsAt = Date.now() + DEADLINE_MS; !condition(); await wait(50)) {
    if (Date.now() > endsAt) throw new Error(`it takes longer than ${DEADLINE_MS} ms\n${said()}`)
  }
}

async function freePort () {
  const server = net.createServer()
  await once(server.listen(0), 'listening')
  const { port } = /** @type {net.AddressInfo} */ (server.address())
  server.close()
  return port
}

async function main () {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  await require('./setup').setup()
  for (const name of values.only?.split(',') ?? Object.keys(RECIPES)) {
    if (Number.parseInt(process.versions.node, 10) < RECIPES[name].node) {
      console.log(`${name.padEnd(20)} needs Node.js ${RECIPES[name].node}`)
      continue
    }
    const { answered, failed, left, ends, said } = await tryRecipe(name)
    const isGood = failed.length === 0 && left === RECIPES[name].processes && (RECIPES[name].says ?? /./).test(`${said}.`)
    console.log(`${name.padEnd(20)} ${isGood ? 'ok  ' : 'FAIL'} ${left} left, ${answered} requests answered, ${failed.length} failed${ends === '' ? '' : `, ended by ${ends}`}`)
    if (!isGood) process.exitCode = 1
  }
}

module.exports = { RECIPES, tryRecipe }

if (require.main === module) main()
