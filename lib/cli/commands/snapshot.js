'use strict'

const { existsSync } = require('node:fs')
const path = require('node:path')
const { ask } = require('../running/ask')
const { sharesFiles } = require('../running/proc')
const { prove } = require('../running/proof')
const { duration } = require('../../format')
const { plain } = require('../../plain')
const { bytes, quoted } = require('../words')

const SIGNAL = 'SIGUSR2'
const TIMEOUT_SECONDS = 600

async function run ({ options, terminal, work }) {
  const { pid, signal = SIGNAL, out, full = false, force = false, timeout = TIMEOUT_SECONDS } = options
  if (process.platform !== 'linux') throw new Error(byHand(pid, signal))
  const running = prove(pid, signal)
  const shared = sharesFiles(pid)
  if (shared && !force && out !== undefined && existsSync(out)) throw new Error(`'${out}' is there already. Give --out another name, or replace it with --force.`)
  const request = { path: targetOf(out, pid, shared), redact: !full, force, timeoutMs: timeout * 1000 }
  const startedAt = Date.now()
  const tell = (doing) => terminal.remark(`process ${pid} ${doing}, ${Math.round((Date.now() - startedAt) / 1000)} s`)
  const { signal: abort } = work()
  abort.addEventListener('abort', () => terminal.complain(`Interrupted. Process ${pid} may still write the snapshot.`))
  const { error, ...result } = await ask({ pid, signal, running, request }, { abort, tell })
  if (error !== undefined) {
    const { code, message, reason, need, available } = error
    return { json: { pid, error: { code, message, reason, need, available } }, complaint: `Process ${pid}: ${inWordsOfTheCommand(message)}` }
  }
  const { path: file, bytes: size, method, pauseMs, durationMs } = result
  const reach = shared ? file : `/proc/${pid}/root${file}`
  const json = { pid, path: file, reach, redacted: !full, bytes: size, method, pauseMs, durationMs }
  return { json, text: text(json, terminal) }
}

function text ({ pid, path: file, reach, redacted, bytes: size, pauseMs, durationMs }, terminal) {
  const lines = [
    terminal.style('bold', plain(file)),
    `${bytes(size)}${redacted ? ', without the contents of strings' : ''}; ` +
      `the process stood still for ${duration(pauseMs)} of ${duration(durationMs)}`
  ]
  if (reach !== file) lines.push(`That is how process ${pid} sees it. From here, while it runs: ${plain(reach)}`)
  lines.push(`What looks like a leak in it: tidemark suspects ${quoted(reach)}`)
  return `${lines.join('\n')}\n`
}

/** The process answers as its API does, where what is risked has another name. */
function inWordsOfTheCommand (message) {
  return message.replace('`force: true`', '--force')
}

/** In the eyes of the process. */
function targetOf (out, pid, shared) {
  if (out === undefined) return undefined
  if (!shared && !path.isAbsolute(out)) {
    throw new Error(`Process ${pid} sees other folders than this command, as in a container: give --out as the absolute path that it sees.`)
  }
  return path.resolve(out)
}

function byHand (pid, signal) {
  if (process.platform === 'win32') {
    return 'Windows has no signals that another process can send. Nothing was sent: let the app call `tidemark.writeHeapSnapshot()` itself.'
  }
  return 'Nothing was sent: \'tidemark snapshot\' proves from /proc that the signal ends nothing, and only Linux has it. ' +
    `If the app runs with \`tidemark.start({ signal: '${signal}' })\`, send it by hand: kill -s ${signal.slice(3)} ${pid}. ` +
    'The snapshot is written into the current folder of the app.'
}

module.exports = { run }
