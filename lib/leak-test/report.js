'use strict'

const format = require('../format')
const { code, fenced, inert, shownFile, shownName, table } = require('../markdown')
const { redactSecrets, redactSentence } = require('../report/redact')
const { runner } = require('./environment')
const { leftOpenLine, placeOf, suspectLine } = require('./result')

/** Of rounds the last: they decided. */
const MOST_ROUNDS = 12
const MOST_SUSPECTS = 5
const MOST_STEPS = 8
/** Of a text, in characters. */
const LONGEST = 600

const TITLES = { leaks: 'leaks', undecided: 'may leak', clean: 'does not leak' }

/**
 * A failure for a person, and for what shows Markdown. It is handed on, so every text of the app is looked through for
 * what may be a secret.
 * @param {string} name of the function or the route
 * @param {import('./result').LeakTestResult & {route?: string}} result
 * @param {string[]} files of snapshots, beside the report
 * @returns {string}
 */
function reportOf (name, result, files = []) {
  const { verdict, message, calls, bytesPerCall, rounds, suspects, resources, notes, disturbers, elapsedMs } = result
  const [first, ...more] = message.split('\n')
  const unit = result.route === undefined ? 'call' : 'request'
  return [
    `# ${name === '' ? 'A function' : code(shownName(name))} ${TITLES[verdict]}`,
    '',
    said(first),
    '',
    ...more.filter((line) => !/^ {2}files: /.test(line)).map((line) => `- ${said(line.trim())}`),
    '',
    ...table(['', ''], [
      [`${unit}s`, format.grouped(calls)],
      [`a ${unit} adds`, bytesPerCall === null ? 'not known' : format.bytes(Math.round(bytesPerCall))],
      ['it took', format.duration(elapsedMs)]
    ]),
    ...section('Suspects', suspects.slice(0, MOST_SUSPECTS).flatMap((each, at) => suspectLines(each, at, unit))),
    ...section('Left open', resources.map((each) => `- ${said(leftOpenLine(each, unit))}`)),
    ...section('Rounds', rounds.length === 0 ? [] : table([`${unit}s`, 'bytes added', `a ${unit}`], rounds.slice(-MOST_ROUNDS).map((round) =>
      [format.grouped(round.calls), format.grouped(round.bytes), (round.bytes / round.calls).toFixed(1)]))),
    ...section('Next', nextSteps(result, files, unit)),
    ...section('Where it ran', [
      `- Node.js ${process.version} on ${process.platform}-${process.arch}, ${runner() ?? 'no test runner'}, tidemark ${require('../../package.json').version}`,
      ...disturbers.map((each) => `- ${said(each.message)}`),
      ...notes.length === 0 ? [] : [`- ${notes.length} ${notes.length === 1 ? 'note' : 'notes'} above`]
    ])
  ].join('\n') + '\n'
}

function section (title, lines) {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines]
}

function suspectLines (suspect, at, unit) {
  const { path: steps, location, allocated, signature } = suspect
  return [
    `${at + 1}. ${said(suspectLine(suspect, unit))}`,
    ...location === null ? [] : [`   - held at ${placed(location)}`],
    ...allocated === null ? [] : [`   - allocated at ${placed(allocated)}${allocated.function === null ? '' : `, by ${code(shownName(allocated.function))}`}`],
    ...steps.length === 0 ? [] : [`   - the holder is held by ${steps.slice(0, MOST_STEPS).map(said).join(' ← ')}`],
    `   - signature, for \`ignore\`: ${code(redactSentence(signature))}`
  ]
}

function nextSteps ({ verdict, suspects, resources }, files, unit) {
  const steps = []
  if (verdict === 'undecided') steps.push('- What would settle it stands above, after "next".')
  if (suspects.length > 0) steps.push(`- Remove what is added when the ${unit} is done, or give the holder a cap.`)
  if (resources.length > 0) steps.push(`- Close what the ${unit} opens before it is done.`)
  if (suspects.length > 0) steps.push(`- If it is known and wanted: ${code('ignore: [{ class, reason, until }]')}.`)
  if (files.length > 1) steps.push('- The snapshots, for DevTools and for:', '', fenced(`npx tidemark suspects ${files.join(' ')}`))
  return steps
}

function placed (location) {
  return code(shownFile(redactSecrets(placeOf(location))))
}

function said (text) {
  return inert(redactSentence(text.slice(0, LONGEST)))
}

module.exports = { reportOf }
