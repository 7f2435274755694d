'use strict'

const { loadBinding } = require('../binding')
const { plain, plainJson } = require('../plain')
const { parse, UsageError } = require('./arguments')
const { help } = require('./help')
const { Terminal } = require('./terminal')

/** What scripts can rely on; the help tells them. `tidemark check` has its own. */
const EXIT = { OK: 0, FAILED: 1, SUSPECTS: 2, INTERRUPTED: 130 }

/**
 * Of each command's JSON, `tidemark-suspects` of `tidemark suspects --json`: the number changes when a field changes its
 * meaning or goes, not when one comes.
 */
/** The version of each schema whose fields have changed; of the others it is 1. */
const SCHEMA_VERSIONS = { suspects: 2, path: 2 }

/**
 * Each with its own file: `run (context) -> Promise<{json, text, suspicious?, exitCode?} | {json, complaint}>`.
 * A complaint is a failure that programs can read as well.
 */
const COMMANDS = {
  suspects: () => require('./commands/suspects'),
  summary: () => require('./commands/summary'),
  diff: () => require('./commands/diff'),
  path: () => require('./commands/path'),
  convert: () => require('./commands/convert'),
  snapshot: () => require('./commands/snapshot'),
  ps: () => require('./commands/ps'),
  dashboard: () => require('./commands/dashboard'),
  recorder: () => require('./commands/recorder'),
  leaks: () => require('./commands/leaks'),
  check: () => require('./commands/check'),
  mcp: () => require('./commands/mcp')
}

/**
 * The `tidemark` command.
 * @param {string[]} args without node and the script
 * @param {NodeJS.Process} process
 */
async function main (args, process) {
  const terminal = new Terminal(process)
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    process.exitCode = await run(args, terminal, interrupt.signal)
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? EXIT.INTERRUPTED : EXIT.FAILED
    const message = interrupt.signal.aborted ? 'Interrupted.' : messageOf(error)
    if (args.includes('--json')) terminal.print(`${plainJson({ schema: schemaOf('error'), error: { code: error?.code ?? codeOf(error), message, reason: error?.reason } }, 2)}\n`)
    if (!interrupt.signal.aborted) terminal.complain(message)
  } finally {
    terminal.clearProgress()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

async function run (args, terminal, signal) {
  const { command, files, options } = parse(args)
  if (options.version) {
    terminal.print(`${require('../../package.json').version}\n`)
    return EXIT.OK
  }
  if (options.help || command === undefined) {
    terminal.print(help(command))
    return options.help ? EXIT.OK : EXIT.FAILED
  }
  const { json, text, complaint, suspicious = false, exitCode } = await COMMANDS[command]().run({
    get binding () { return loadBinding() },
    files,
    options,
    terminal,
    work: (doing) => ({ signal, onProgress: (progress) => terminal.progress(doing, progress) })
  })
  terminal.clearProgress()
  if (options.json) {
    terminal.print(`${plainJson({ schema: schemaOf(command), ...json }, 2)}\n`)
  } else if (complaint === undefined) {
    terminal.print(text)
  }
  if (complaint !== undefined) {
    terminal.complain(plain(complaint))
    return EXIT.FAILED
  }
  return exitCode ?? (suspicious ? EXIT.SUSPECTS : EXIT.OK)
}

function schemaOf (what) {
  return { name: `tidemark-${what}`, version: SCHEMA_VERSIONS[what] ?? 1 }
}

/** Of what has no code of its own. */
function codeOf (error) {
  return error instanceof UsageError ? 'ERR_TIDEMARK_USAGE' : 'ERR_TIDEMARK_FAILED'
}

function messageOf (error) {
  const message = plain(error instanceof Error ? error.message : String(error))
  return error instanceof UsageError ? `${message}\nTry 'tidemark --help'.` : message
}

module.exports = { main, EXIT }
