'use strict'

const { types } = require('node:util')

/** Of an array, in a message. */
const MOST_ITEMS = 5

/**
 * Every error that tidemark throws, in one table: the code, and the sentence that says what is wrong
 * and what to do. `ERR_TIDEMARK_OPTION` is a TypeError, the rest are Errors.
 */
const MESSAGES = {
  ERR_TIDEMARK_OPTION: (name, expected, actual) =>
    `Expected \`${name}\` to be ${expected}, got ${describe(actual)}.`,
  ERR_TIDEMARK_UNKNOWN_OPTION: (name, known, nearest) =>
    `Unknown option \`${name}\`.${nearest ? ` Did you mean \`${nearest}\`?` : ''} Known options: ${known.join(', ')}.`,
  ERR_TIDEMARK_ALREADY_STARTED: () =>
    'tidemark is already started with other options. Call `stop()` first, or pass the options to the first `start()`.',
  ERR_TIDEMARK_BINDING_MISSING: (platform, tried, obstacle, remedy, published) => published
    ? `There is no tidemark binary for ${platform}: it is published for ${published.join(', ')}. ` +
      'Guard the require where the app also runs elsewhere, or build it from its sources.'
    : obstacle
    ? `The tidemark binary for ${platform} cannot be loaded: ${sentence(obstacle)} ${remedy}`
    : `No tidemark binary for ${platform} could be loaded. It comes as an optional dependency of the package: ` +
      'reinstall without `--omit=optional`, on the platform (and C library) that runs the app, and delete a ' +
      `lock file that was made on another platform. Tried: ${tried.join('; ')}`,
  ERR_TIDEMARK_BINDING_FOREIGN: (expected, actual) =>
    `The tidemark binary is of version ${actual}, the JavaScript of version ${expected}. ` +
    'Reinstall the package so that both come from one release.',
  ERR_TIDEMARK_UNSUPPORTED_RUNTIME: (runtime) =>
    `tidemark needs Node.js 18 or later, this is ${runtime}. ` +
    'Where the app also runs elsewhere, guard the require: ' +
    '`if (!process.versions.bun && !process.versions.deno && parseInt(process.versions.node) >= 18)`. An `import` must be `await import()` there.',
  ERR_TIDEMARK_SNAPSHOT_INVALID: (fault) => `This is not a valid heap snapshot: ${lower(fault)}.`,
  ERR_TIDEMARK_SNAPSHOT_TOO_LARGE: (fault) => `The heap snapshot is too large: ${lower(fault)}.`,
  ERR_TIDEMARK_SNAPSHOT_UNREADABLE: (fault) => `${fault}.`,
  ERR_TIDEMARK_SNAPSHOT_NOT_FOUND: (fault) => sentence(fault),
  ERR_TIDEMARK_CANCELLED: () => 'The work was cancelled.',
  ERR_TIDEMARK_HEAP_DIFF_ENDED: () => 'attempt to end() a HeapDiff that was already ended',
  ERR_TIDEMARK_INTERNAL: (fault) => `${fault}. This is a bug in tidemark.`,
  ERR_TIDEMARK_SNAPSHOT_REFUSED: (reason, sentence) =>
    `No heap snapshot was taken: ${sentence}.`,
  ERR_TIDEMARK_SNAPSHOT_FAILED: (reason, sentence) =>
    `The heap snapshot failed; the partial file was removed: ${sentence}.`,
  ERR_TIDEMARK_LEAK: (name, message) => `${upper(tested(name))} ${message}`,
  ERR_TIDEMARK_LEAK_UNDECIDED: (name, message) => `Whether ${tested(name)} leaks is ${message}`,
  ERR_TIDEMARK_LEAK_TEST_BUSY: () =>
    'Another leak test runs in this thread at the same time, and each would see the memory of the other. Run them one after ' +
    'another: await each, and no `concurrency` or `test.concurrent` for them.',
  ERR_TIDEMARK_LEAK_TEST_TIMEOUT: (call, ms) =>
    `Call ${call} of the function did not settle within ${ms} ms. Give a longer \`budget\`, or see what it waits for.`,
  ERR_TIDEMARK_MATCHERS: () =>
    'There is no `expect` yet that the matchers could be added to. In Jest name `tidemark/test/matchers` in `setupFilesAfterEnv`, ' +
    'not in `setupFiles`; in Vitest in `setupFiles`.',
  ERR_TIDEMARK_SERVER: (reason, text) => sentence(text),
  ERR_TIDEMARK_LOAD: (reason, text) => sentence(text),
  ERR_TIDEMARK_EXPRESS_NOT_CALLED: () =>
    '`app.use(tidemark.express)` lacks its call: write `app.use(tidemark.express())`. Requests are counted as with the default options.',
  ERR_TIDEMARK_METRICS: (text) => text,
  ERR_TIDEMARK_NOTIFY: (destination, reason) => `A message about a leak did not reach ${destination}: ${sentence(reason)}`,
  ERR_TIDEMARK_LISTENER: (event, error) =>
    `A listener of '${event}' threw: ${messageOf(error)}. ` +
    'tidemark goes on; the error is the `cause`.',
  ERR_TIDEMARK_LOGGER: (error) =>
    `The \`logger\` threw: ${messageOf(error)}. ` +
    'The line of stats is lost; this is said once, and the error is the `cause`.',
  ERR_TIDEMARK_RECYCLE: (problem) => problem,
  ERR_TIDEMARK_RECYCLE_HELD: (reason) =>
    `This process is critical and does not step aside, to avoid a restart loop or a service without processes: ${reason}`,
  ERR_TIDEMARK_PROFILE_BUSY: (reason) =>
    `V8's sampling heap profiler is in use. ${reason} Try again when that has ended.`,
  ERR_TIDEMARK_PROFILE_UNAVAILABLE: (reason) =>
    `No profile can be taken. ${reason}`,
  ERR_TIDEMARK_PROFILE_FILE: (file, reason) =>
    `The profile cannot be written to '${file}': ${reason}`
}

/** Those whose first detail is a word for programs, told as `reason`. */
const REASONED = ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'ERR_TIDEMARK_SNAPSHOT_FAILED', 'ERR_TIDEMARK_SERVER', 'ERR_TIDEMARK_LOAD']

class TidemarkError extends Error {
  constructor (code, message, options) {
    super(message, options)
    this.code = code
  }

  get name () {
    return 'TidemarkError'
  }
}

class TidemarkTypeError extends TypeError {
  constructor (code, message) {
    super(message)
    this.code = code
  }
}

/**
 * @param {keyof typeof MESSAGES} code
 * @param {any[]} details what the sentence of this code takes
 * @param {{cause?: unknown}} [options]
 * @returns {Error & {code: string, reason?: string, offset?: number}}
 */
function createError (code, details = [], options) {
  const message = MESSAGES[code](...details)
  if (code === 'ERR_TIDEMARK_OPTION' || code === 'ERR_TIDEMARK_UNKNOWN_OPTION') {
    return new TidemarkTypeError(code, message)
  }
  /** @type {TidemarkError & {reason?: string, offset?: number}} */
  const error = new TidemarkError(code, message, options)
  if (REASONED.includes(code)) [error.reason] = details
  return error
}

function lower (text) {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function upper (text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What a leak test was of: a function by its name, or 'the block'. */
function tested (name) {
  if (name === '') return 'the function'
  return name.startsWith('the ') ? name : `\`${name}\``
}

/** What somebody else said, with one full stop. @param {string} quoted */
function sentence (quoted) {
  let end = quoted.length
  while (end > 0 && /[.\s]/.test(quoted[end - 1])) end--
  return `${quoted.slice(0, end)}.`
}

/** What stands for a value of the app that throws when it is looked at, or has no text. */
const UNREADABLE = 'something that cannot be read'

/** Of a stack in a warning. */
const MOST_LINES = 4

/** What was thrown, in words. Of an error that may be the app's: looking at it may throw, so it is tried. */
function messageOf (thrown) {
  try {
    if (!(thrown instanceof Error)) return describe(thrown)
    const { message } = thrown
    return typeof message === 'string' ? message : UNREADABLE
  } catch {
    return UNREADABLE
  }
}

/** Where it was thrown: the lines of its stack, without the message. */
function placeOf (thrown) {
  try {
    const { stack } = thrown
    const lines = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : []
    return lines.length > 0 ? lines.slice(0, MOST_LINES).join('\n') : undefined
  } catch {
    return undefined
  }
}

/** A value as it would stand in an error message: short, and never by calling code of the app. */
function describe (value) {
  if (typeof value === 'string') return value.length > 40 ? `'${value.slice(0, 40)}...'` : `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return describeObject(value)
  if (typeof value === 'bigint') return `${value}n`
  return String(value)
}

function describeObject (object) {
  try {
    return Array.isArray(object) ? describeArray(object) : 'an object'
  } catch {
    // A Proxy that was revoked.
    return UNREADABLE
  }
}

/** With what is in it, one level deep: that is where the mistake is. */
function describeArray (array) {
  if (types.isProxy(array)) return 'an array'
  if (array.length === 0) return 'an empty array'
  const items = Array.from({ length: Math.min(array.length, MOST_ITEMS) }, (_, index) => {
    const { get, value } = Object.getOwnPropertyDescriptor(array, index) ?? {}
    if (get !== undefined) return 'an accessor'
    return Array.isArray(value) ? 'an array' : describe(value)
  })
  const more = array.length - items.length
  return `[${items.join(', ')}${more > 0 ? `, and ${more} more` : ''}]`
}

module.exports = { CODES: Object.keys(MESSAGES), createError, messageOf, placeOf, sentence, TidemarkError }
