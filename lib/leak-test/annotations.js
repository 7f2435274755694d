'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { plain } = require('../plain')
const { reportOf } = require('./report')
const { fileIn } = require('./result')

/** GitHub shows no more of it. */
const LONGEST = 4000

/** @returns {boolean} whether this runs in GitHub Actions */
function isInActions () {
  return process.env.GITHUB_ACTIONS === 'true'
}

/**
 * Tells GitHub Actions of a failure: an annotation at the line of code, and the report in the summary of the job.
 * A failure to tell changes nothing.
 * @param {string} name of the function or the route
 * @param {{message: string, result: import('./result').LeakTestResult}} failure
 */
function annotate (name, { message, result }) {
  write(`\n${annotation(name, message, result)}\n`)
  const { GITHUB_STEP_SUMMARY: summary } = process.env
  if (!summary) return
  try {
    fs.appendFileSync(summary, `${reportOf(name, result)}\n`)
  } catch {}
}

/** As https://docs.github.com/actions/reference/workflow-commands-for-github-actions has it. */
function annotation (name, message, { verdict, suspects, resources }) {
  const location = [...suspects.flatMap(({ location: held, allocated }) => [held, allocated]), ...resources.map((each) => each.location)].find((each) => each)
  const root = process.env.GITHUB_WORKSPACE ?? process.cwd()
  const properties = [
    ...location ? [['file', fileIn(root, location.file).split(path.sep).join('/')], ...location.line === null ? [] : [['line', String(location.line)]]] : [],
    ['title', verdict === 'leaks' ? `Memory leak${name === '' ? '' : ` in ${name}`}` : `Undecided whether ${name === '' ? 'a function' : name} leaks`]
  ]
  const text = message.slice(0, LONGEST).split('\n').map(plain).join('\n')
  return `::error ${properties.map(([key, value]) => `${key}=${escapedProperty(plain(value))}`).join(',')}::${escaped(text)}`
}

function escaped (text) {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapedProperty (text) {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** Beside what a runner does with `process.stdout`: a command must begin a line. */
function write (text) {
  try {
    fs.writeSync(1, text)
  } catch {
    process.stdout.write(text) // the pipe is full
  }
}

module.exports = { annotate, annotation, isInActions }
