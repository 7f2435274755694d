'use strict'

// Real Express apps with real packages, leaky and healthy, under autocannon: what does tidemark say?
// npm run bench:zoo [-- --only NAME,...] [--seconds 75] [--small] [--full] [--json]
//   [--apps FOLDER] [--node FILE] [--tidemark FOLDER] [--out FILE] [--from FILE]
// --small runs with the heap of a small container, --full goes on after a leak was told, --apps takes
// the apps of another folder, such as bench/zoo/unseen, which nothing may be tuned on, --tidemark
// takes another copy of the package, --out adds all that was seen to FILE, one JSON object a line,
// --from prints the table of such a file, with the same --apps, and runs nothing.
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { bytes } = require('../../lib/format')
const { installModules } = require('../install')
const { run } = require('./run')
const { judge, gates, place, naming, summary } = require('./score')

async function main () {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '75' },
      small: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      apps: { type: 'string', default: path.join(__dirname, 'apps') },
      node: { type: 'string', default: process.execPath },
      tidemark: { type: 'string', default: path.join(__dirname, '..', '..') },
      out: { type: 'string' },
      from: { type: 'string' }
    }
  })
  const say = (text) => process.stderr.write(`${text}\n`)
  const apps = path.resolve(values.apps)
  if (values.from !== undefined) {
    print(fs.readFileSync(values.from, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)), apps)
    return
  }
  const options = {
    seconds: Number(values.seconds),
    full: values.full,
    apps,
    node: values.node,
    // A limit that is minutes away: under one that is days away no growth of 90 seconds should be believed.
    nodeArgs: [`--max-old-space-size=${values.small ? 256 : 512}`],
    tidemark: path.resolve(values.tidemark),
    modules: installModules('zoo', say)
  }
  const results = []
  for (const name of select(values.only, apps)) {
    const result = await run(name, options)
    results.push(result)
    if (values.out) fs.appendFileSync(values.out, `${JSON.stringify(result)}\n`)
    const { outcome, alarm } = judge(result)
    say(`${name}: ${outcome}${alarm ? ` after ${alarm.at.toFixed(0)} s, ${alarm.channel}: ${alarm.message}` : ''}`)
    if (outcome === 'told') say(suspectList(result, alarm, apps))
    for (const gate of outcome === 'told' ? [] : gates(result)) say(`  ${gate}`)
    for (const warning of [...result.warnings, ...result.status?.problems ?? []]) say(`  ! ${warning}`)
    if (result.crashed) say(`  ! ${result.stderr}`)
  }
  if (values.json) {
    console.log(JSON.stringify({ node: values.node, seconds: options.seconds, score: summary(results), results }))
  } else {
    print(results, apps)
  }
}

function print (results, apps) {
  const { hits, missed, falseAlarms, silent, precision, recall, f1, medianSeconds, late } = summary(results)
  const share = (value) => Number.isNaN(value) ? '-' : value.toFixed(2)
  console.table(results.map((result) => row(result, apps)))
  console.log(`F1 ${share(f1)}, precision ${share(precision)}, recall ${share(recall)}: ${hits} leaks told, ${missed} missed, ` +
    `${falseAlarms} false alarms, ${silent} healthy apps without one`)
  const { told, first, firstThree } = naming(results, apps)
  if (told > 0) console.log(`Suspects: of ${told} told leaks the culprit is first in ${share(first)}, among the first three in ${share(firstThree)}`)
  if (hits > 0) console.log(`Alarm after ${medianSeconds.toFixed(0)} s in the median, ${late} later than 60 s`)
}

function suspectList (result, { suspects, signature }, apps) {
  const named = place(result, apps)
  return [
    `  culprit ${named === undefined ? 'NOT NAMED' : `is suspect ${named}`}; ${signature}`,
    ...suspects.slice(0, 5).map(({ kind, description, share, confidence }, i) =>
      `  ${i + 1}. [${kind} ${confidence.toFixed(2)}${share === null ? '' : `, share ${share.toFixed(2)}`}] ${description}`)
  ].join('\n')
}

function select (only, apps) {
  const names = fs.readdirSync(apps).filter((file) => file.endsWith('.js')).map((file) => path.basename(file, '.js')).sort()
  if (only === undefined) return names
  const wanted = only.split(',')
  const found = names.filter((name) => wanted.some((part) => name === part || name.startsWith(`${part}-`)))
  if (found.length === 0) throw new Error(`No app '${only}'. There are: ${names.join(', ')}, and 'leak' and 'ok' for all of a kind`)
  return found
}

function row (result, apps) {
  const { outcome, alarm, wrongChannels } = judge(result)
  const { samples = [], status } = result
  const { usedHeapSize: first } = samples[0] ?? {}
  const { usedHeapSize: last } = samples.at(-1) ?? {}
  return {
    app: result.name,
    outcome,
    'told after': alarm ? `${alarm.at.toFixed(0)} s` : '',
    channel: alarm ? `${alarm.channel}${wrongChannels.length > 0 ? `, WRONG: ${wrongChannels}` : ''}` : '',
    culprit: outcome === 'told' ? place(result, apps) ?? 'not named' : '',
    confidence: alarm?.confidence?.toFixed(2) ?? '',
    'full GCs': status?.gc.major.count ?? '',
    'heap after them': first === undefined ? '' : `${bytes(first)} to ${bytes(last)}`,
    requests: status?.requests ?? '',
    gate: outcome === 'told' ? '' : gates(result).join('; ').slice(0, 90)
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
