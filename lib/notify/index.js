'use strict'

const os = require('node:os')
const { createError } = require('../errors')
const { readIdentity } = require('../flight/identity')
const { HIDDEN } = require('../names')
const { command, integer, oneOf, optional, readOptions } = require('../options')
const { followLeaks, keepRunning, Publisher } = require('../publish')
const { redactSecrets, redactSentence } = require('../report/redact')
const { runCommand } = require('../run-command')
const { appendTo } = require('./file')
const { DeliveryError, Outbox } = require('./outbox')
const { post } = require('./webhook')

const FORMATS = ['slack', 'json', 'plain']

const OPTIONS = {
  webhook: { default: undefined, check: optional(text('an http or https URL')) },
  headers: { default: undefined, check: optional(headers()) },
  format: { default: 'slack', check: oneOf(...FORMATS) },
  command: { default: undefined, check: optional(command()) },
  file: { default: undefined, check: optional(text('the path of a file')) },
  timeoutMs: { default: 10000, check: integer(100, 600000) }
}

/** @typedef {import('../..').Leak | import('../..').Critical | import('../..').Recovered} Told what comes with them */

/** Chapters of a leak's story that are a message. */
const EVENTS = { reported: 'leak', critical: 'critical', recovered: 'recovered' }

const MOST_SUSPECTS = 3

/**
 * `tidemark.notify()`: one message for each leak, to where the app says and to nowhere else.
 * @param {import('../..').Tidemark} monitor
 * @param {object} options see index.d.ts
 * @returns {{stop: () => void}}
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
function notify (monitor, options) {
  const given = readOptions(options, OPTIONS)
  // What is wrong with it must not be shown: its path is its password.
  if (given.webhook !== undefined && !['https:', 'http:'].includes(schemeOf(given.webhook))) throw createError('ERR_TIDEMARK_OPTION', ['webhook', 'an http or https URL, beginning with https:// or http://', schemeOf(given.webhook) ?? HIDDEN])
  const publisher = new Publisher(monitor)
  // Of each destination one warning, where nobody listens to 'error'.
  const outboxes = outboxesOf(given, (name, error) => publisher.reportError(`notify ${name}`, error))
  if (outboxes.length === 0) throw createError('ERR_TIDEMARK_OPTION', ['options', 'an object with `webhook`, `command` or `file`', options])
  const sender = readSender()
  const letGo = keepRunning(monitor)
  /** Of leaks that go on: a leak that gets worse is no new message. */
  const told = new Set()
  const unfollow = followLeaks(monitor, (chapter, details) => {
    if (chapter === 'stopped') told.clear()
    if (!Object.hasOwn(EVENTS, chapter) || !isNews(told, chapter, /** @type {Told} */ (details))) return
    const message = messageOf(EVENTS[chapter], details, sender)
    for (const outbox of outboxes) outbox.put(message)
  })
  return {
    stop () {
      unfollow()
      letGo()
      for (const outbox of outboxes) outbox.close()
    }
  }
}

/** One for each destination, so that one which hangs holds up no other. */
function outboxesOf ({ webhook, headers, format, command, file, timeoutMs }, onLost) {
  const make = (name, deliver) => new Outbox(name, deliver, (reason, cause) => onLost(name, createError('ERR_TIDEMARK_NOTIFY', [name, reason], { cause })))
  return [
    // A webhook's path is its password.
    webhook !== undefined && make(`the webhook at ${new URL(webhook).host}`, (message) => post(webhook, { headers, format, timeoutMs }, message)),
    command !== undefined && make(`the command '${redactSecrets(command[0])}'`, (message) => runWith(command, timeoutMs, message)),
    file !== undefined && make(`the file '${redactSecrets(file)}'`, (message) => appendTo(file, message))
  ].filter((each) => each !== false)
}

/** The message comes as one line of JSON on its standard input. */
async function runWith (command, timeoutMs, message) {
  const problem = await runCommand(command, { timeoutMs, input: `${JSON.stringify(message)}\n` })
  if (problem !== undefined) throw new DeliveryError(`it ${problem}`, { mayPass: false })
}

/** @param {Set<string>} told @param {string} chapter @param {Told} details */
function isNews (told, chapter, { channel, signature }) {
  if (chapter === 'critical') return true
  const leak = JSON.stringify([channel, signature])
  if (chapter === 'recovered') return told.delete(leak)
  return !told.has(leak) && told.add(leak) !== undefined
}

function readSender () {
  const { identity: { name, version } } = readIdentity()
  return { app: name, version, host: os.hostname() }
}

/** What a message says. Names are screened where they come from, and once more here, since it leaves the process. */
function messageOf (event, details, { app, version, host }) {
  const { channel, signature = null, message, suspects = [], limit = null, pid, threadId, report = null } = details
  // The events tell it in seconds, and in milliseconds.
  const timeToLimit = details.timeToLimit ?? (typeof details.timeToLimitMs === 'number' ? details.timeToLimitMs / 1000 : null)
  const who = `${app}${version === null ? '' : ` ${version}`}, process ${pid}${threadId > 0 ? `, thread ${threadId}` : ''} on ${host}`
  return {
    event,
    text: `${who}: ${redactSentence(message)}`,
    time: new Date().toISOString(),
    app,
    version,
    host,
    pid,
    threadId,
    channel,
    signature: signature === null ? null : redactSentence(signature),
    timeToLimit,
    limit,
    suspects: suspects.slice(0, MOST_SUSPECTS).map(({ description, location }) => ({
      description: redactSentence(description),
      file: location === null ? null : redactSecrets(location.file),
      line: location?.line ?? null
    })),
    report: report === null ? null : redactSecrets(report)
  }
}

function text (what) {
  return (value) => typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : what
}

function schemeOf (value) {
  try {
    return new URL(value).protocol
  } catch {
    return ''
  }
}

function headers () {
  return (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((each) => typeof each === 'string')
    ? undefined
    : 'an object of texts'
}

module.exports = { FORMATS, notify }
