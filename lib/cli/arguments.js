'use strict'

const { statSync } = require('node:fs')
const { constants } = require('node:os')
const { parseArgs } = require('node:util')
const { FREE_SIGNALS, nearest } = require('../options')
const { quoted } = require('./words')

/** The command line makes no sense: the message says why. */
class UsageError extends Error {}

/** For each command: how many files it takes, and its options. */
const COMMANDS = {
  suspects: { files: [1, Infinity], options: { html: { type: 'string' }, format: { type: 'string' } } },
  summary: { files: [1, 1], options: { rows: { type: 'string' }, html: { type: 'string' }, format: { type: 'string' } } },
  diff: { files: [2, 2], options: { rows: { type: 'string' }, format: { type: 'string' } } },
  path: { files: [1, 1], options: { node: { type: 'string' }, class: { type: 'string' }, format: { type: 'string' } } },
  convert: {
    files: [1, 1],
    options: { out: { type: 'string' }, force: { type: 'boolean' }, redact: { type: 'boolean' }, strip: { type: 'boolean' } }
  },
  snapshot: {
    files: [0, 0],
    options: {
      pid: { type: 'string' },
      signal: { type: 'string' },
      out: { type: 'string' },
      full: { type: 'boolean' },
      force: { type: 'boolean' },
      timeout: { type: 'string' }
    }
  },
  ps: { files: [0, 1], options: { watch: { type: 'boolean' }, all: { type: 'boolean' }, format: { type: 'string' } } },
  dashboard: { files: [0, 1], options: { port: { type: 'string' } } },
  recorder: { files: [1, 1], options: { html: { type: 'string' }, format: { type: 'string' } } },
  leaks: { files: [0, 1], options: { pid: { type: 'string' }, format: { type: 'string' } } },
  check: {
    files: [1, Infinity],
    options: {
      url: { type: 'string', multiple: true },
      requests: { type: 'string' },
      connections: { type: 'string' },
      budget: { type: 'string' },
      status: { type: 'string' },
      port: { type: 'string' },
      format: { type: 'string' }
    }
  },
  mcp: { files: [0, Infinity], options: {} }
}

const LONGEST_SECONDS = 86400

const EXACTLY = ['no files', 'one file', 'two files, the earlier one first']

const COMMON = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  json: { type: 'boolean' }
}

/** Of all commands, so that an option may stand before its command. */
const ALL = Object.assign({}, COMMON, ...Object.values(COMMANDS).map(({ options }) => options))

/**
 * @param {string[]} args
 * @returns {{command?: string, files: string[], options: Record<string, any>}}
 * @throws {UsageError}
 */
function parse (args) {
  if (parseArgs === undefined) throw new UsageError('The tidemark command needs Node.js 18.3 or later.')
  const { values, positionals } = /** @type {{values: Record<string, any>, positionals: string[]}} */ (read(args))
  const asksForHelp = values.help || positionals[0] === 'help'
  const [name, ...files] = positionals[0] === 'help' ? positionals.slice(1) : positionals
  if (name === undefined && (asksForHelp || values.version || args.length === 0)) {
    return { files: [], options: ownOptions(values, { help: asksForHelp }) }
  }
  if (!Object.hasOwn(COMMANDS, name ?? '')) {
    const commands = Object.keys(COMMANDS).join(', ')
    if (name === undefined) throw new UsageError(`Say what to do: ${commands}.`)
    if (isFile(name)) throw new UsageError(`'${name}' is a file, not a command. What looks like a leak in it: tidemark suspects ${quoted(name)}`)
    const meant = nearest(name, Object.keys(COMMANDS))
    throw new UsageError(`There is no command '${name}'.${meant === undefined ? '' : ` Did you mean '${meant}'?`} There are: ${commands}.`)
  }
  if (asksForHelp || values.version) return { command: name, files: [], options: ownOptions(values, { help: asksForHelp }) }
  checkBelonging(name, values)
  const [least, most] = COMMANDS[name].files
  if (files.length < least || files.length > most) {
    const wanted = least === most ? EXACTLY[least] : most === 1 ? 'at most one folder' : 'at least one file'
    throw new UsageError(`'tidemark ${name}' takes ${wanted}, got ${files.length}.`)
  }
  return { command: name, files, options: check(name, values) }
}

function isFile (name) {
  if (/\.(?:heapsnapshot|json)$/i.test(name)) return true
  try {
    return statSync(name).isFile()
  } catch {
    return false
  }
}

function read (args) {
  try {
    return parseArgs({ args, options: ALL, allowPositionals: true })
  } catch ({ message }) {
    const [, ambiguous] = /^Option '(.*)' argument is ambiguous/.exec(message) ?? []
    if (ambiguous !== undefined) {
      throw new UsageError(`Option '${ambiguous}' wants a value, and what follows it looks like an option. Write ${ambiguous}=VALUE if it is meant.`)
    }
    // Node's second sentence is advice on `--`.
    throw new UsageError(`${message.split('. ')[0].replace(/\.$/, '')}.`)
  }
}

function checkBelonging (name, values) {
  for (const option of Object.keys(values)) {
    if (Object.hasOwn({ ...COMMON, ...COMMANDS[name].options }, option)) continue
    const owners = Object.keys(COMMANDS).filter((command) => Object.hasOwn(COMMANDS[command].options, option))
    throw new UsageError(`'tidemark ${name}' has no option --${option}: it belongs to ${owners.join(', ')}.`)
  }
}

function check (name, values) {
  const options = ownOptions(values)
  for (const number of ['rows', 'node', 'pid', 'timeout', 'port', 'requests', 'connections', 'budget', 'status']) {
    if (values[number] !== undefined) options[number] = wholeNumber(number, values[number])
  }
  if (name === 'path' && (values.node === undefined) === (values.class === undefined)) {
    throw new UsageError("'tidemark path' needs --node ID or --class NAME.")
  }
  if (name === 'convert') {
    if (values.out === undefined) throw new UsageError("'tidemark convert' wants to know where to write: --out FILE.")
    if (values.redact && values.strip) throw new UsageError('Choose one of --redact and --strip.')
  }
  if (name === 'snapshot') checkSnapshot(options)
  if (values.html !== undefined) checkHtml(values)
  if (values.format !== undefined) checkFormat(values)
  if (options.port > 65535) throw new UsageError(`Expected --port to be 0 to 65535, got ${options.port}.`)
  if (name === 'dashboard' && values.json) throw new UsageError("'tidemark dashboard' is a page: for JSON there is 'tidemark ps --json'.")
  if (values.watch && values.json) throw new UsageError('Choose one of --watch and --json.')
  return options
}

/** What was not given is not there, whatever a preload made of `Object.prototype`. */
function ownOptions (...values) {
  return Object.assign(Object.create(null), ...values)
}

function checkHtml ({ html, json }) {
  if (json) throw new UsageError('Choose one of --json and --html.')
  if (html === '') throw new UsageError('Expected --html to be a path.')
  // Who takes --html for a switch would lose a snapshot.
  if (/\.heapsnapshot$/i.test(html)) {
    throw new UsageError(`--html wants the name of the report to write, such as report.html, got the heap snapshot '${html}'.`)
  }
}

function checkFormat ({ format, json, watch }) {
  if (format !== 'md') throw new UsageError(`Expected --format to be md, got '${format}'.`)
  if (json) throw new UsageError('Choose one of --json and --format.')
  if (watch) throw new UsageError('Choose one of --watch and --format.')
}

function checkSnapshot ({ pid, signal, out, timeout }) {
  if (pid === undefined) throw new UsageError("'tidemark snapshot' wants to know of which process: --pid PID.")
  if (pid === 0) throw new UsageError('There is no process 0.')
  if (timeout === 0 || timeout > LONGEST_SECONDS) throw new UsageError(`Expected --timeout to be 1 to ${LONGEST_SECONDS} seconds, got ${timeout}.`)
  if (out === '') throw new UsageError('Expected --out to be a path.')
  if (signal === undefined) return
  if (signal === 'SIGUSR1') {
    throw new UsageError('Node.js itself catches SIGUSR1, to open its debugger: nothing would prove that tidemark hears it. Use another one, such as SIGUSR2.')
  }
  const possible = FREE_SIGNALS.filter((each) => each in constants.signals)
  if (!possible.includes(signal)) throw new UsageError(`Expected --signal to be one of ${possible.join(', ')}, got '${signal}'.`)
}

function wholeNumber (name, text) {
  // DevTools writes ids with an @.
  const digits = name === 'node' ? text.replace(/^@/, '') : text
  const number = Number(digits)
  if (!/^\d{1,10}$/.test(digits) || number > 4294967295) throw new UsageError(`Expected --${name} to be a whole number, got '${text}'.`)
  return number
}

module.exports = { parse, UsageError }
