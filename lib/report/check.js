'use strict'

const path = require('node:path')
const { isMainThread } = require('node:worker_threads')
const { duration } = require('../format')
const { redactSecrets, redactSentence } = require('./redact')

/** The least time under load after which silence says something. */
const LEAST_MS = 60000

/**
 * How it is seen that a fix holds, as lines for a shell: the same load, for twice as long as the leak took to be told, and
 * no line about it.
 * @param {{channel: string, signature: string | null, start?: Date, end?: Date}} leak
 */
function checkCommand ({ channel, signature, start, end }) {
  const script = isMainThread && process.argv[1] !== undefined ? path.relative('.', process.argv[1]) : 'app.js'
  const wanted = signature === null || redactSentence(signature) !== signature ? `"channel":"${channel}"` : `"signature":${JSON.stringify(signature)}`
  const takenMs = start === undefined || end === undefined ? 0 : end.getTime() - start.getTime()
  return [
    `TIDEMARK_FORMAT=json TIDEMARK_EVENTS=leak node --require tidemark/register ${quoted(redactSecrets(script))} 2>tidemark.log`,
    `# after ${duration(Math.max(LEAST_MS, 2 * takenMs))} of the same load or more:`,
    `grep -F ${quoted(wanted)} tidemark.log && echo 'it still leaks'`
  ].join('\n')
}

/** @param {string[]} files the earliest first. @returns {string} the same comparison, for the fixed process */
function compareCommand (files) {
  const [before, after] = files.length > 1 ? ['before.heapsnapshot', 'after.heapsnapshot'] : ['EARLIER', files[0]]
  return `npx tidemark suspects ${quoted(before)} ${quoted(after)}\n# two snapshots of the fixed process, minutes apart under load; exit code 0: nothing suspicious grew`
}

/** For a shell, whatever is in it. */
function quoted (text) {
  return /^[\w./:@+-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", "'\\''")}'`
}

module.exports = { checkCommand, compareCommand }
