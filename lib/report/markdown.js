'use strict'

const { bytes, duration, grouped, percent, rate, rateWithin } = require('../format')
const { limitInWords } = require('../limits')
const { MOST_BYTES, code, cut, fenced, inert, shownFile, shownName } = require('../markdown')

/** What is kept, from the most to the least, until it has room. */
const FORMS = [
  { longest: 400, observations: 2, problems: 6 },
  { longest: 300, observations: 1, problems: 4 },
  { longest: 200, observations: 0, problems: 3 },
  { longest: 110, observations: 0, problems: 1 },
  { longest: 60, observations: 0, problems: 0 }
]

/**
 * A report for a person, and for what shows Markdown.
 * @param {object} report as contents.js makes it
 * @returns {string} at most 5 kB
 */
function toMarkdown (report) {
  let text = ''
  for (const form of FORMS) {
    text = render(report, form)
    if (Buffer.byteLength(text) <= MOST_BYTES) break
  }
  return text
}

function render (report, { longest, observations, problems }) {
  const { title, state, verdict, nearHeapLimit, numbers, suspects, process, limits, files, notSeen, check, chart, written, tidemark, channel, signature } = report
  const said = (text) => inert(cut(text, longest))
  const lines = [
    `# ${said(title)}`,
    '',
    inert(cut(verdict.sentence, 2 * longest)),
    '',
    `Why: ${said(verdict.why)}`,
    verdict.reason ? `\nHealth: **${verdict.health}**. ${said(verdict.reason)}` : null,
    nearHeapLimit === null ? null : `\n**${nearHeapLimit}**`,
    chart ? `\n![The course of memory](${chart})` : null,
    '',
    '| | |',
    '|---|---|',
    ...rows(numbers, channel, state, limits?.container).map(([name, text]) => `| ${name} | ${inert(text)} |`),
    signature ? `| signature | ${code(cut(signature, 160))} |` : null,
    '',
    '## Suspects',
    '',
    ...suspects.length === 0 ? ['None.'] : suspects.flatMap((suspect, at) => suspectLines(suspect, at, said, observations)),
    '',
    '## Not seen',
    '',
    ...notSeen.slice(0, 3 + problems).map((text) => `- ${said(text)}`),
    '',
    '## Check a fix',
    '',
    fenced(check.command),
    '',
    '## Process',
    '',
    ...process === null ? [] : processLines(process, said),
    ...limits === null ? [] : limitLines(limits).map((text) => `- ${text}`),
    files === undefined ? null : `- ${files.map((file) => said(file)).join(', ')}`,
    `- tidemark ${tidemark}, ${written.toISOString()}`
  ]
  return `${lines.filter((line) => line !== null).join('\n')}\n`
}

function suspectLines ({ id, description, location, route, heldBy, share, shareOfHeap = null, growth, bytes: held, confidence, observations }, at, said, most) {
  const facts = [
    id === undefined ? null : `node ${id}`,
    location === null ? null : `at ${code(placed(location))}`,
    share === null ? null : `${percent(share)} of the growth`,
    shareOfHeap === null ? null : `${percent(shareOfHeap)} of the heap`,
    growth === null ? null : `grew by ${bytes(growth)}`,
    held === null ? null : `holds ${bytes(held)}`,
    confidence === null ? null : `confidence ${percent(confidence)}`
  ]
  const more = [
    `   - ${facts.filter((fact) => fact !== null).join(' · ')}`,
    `   - route: ${route === null ? 'not known' : said(route)}`,
    `   - held by: ${heldBy === null ? 'not known' : heldBy === description ? 'itself' : said(heldBy)}`
  ]
  return [`${at + 1}. ${said(description)}`, ...more, ...observations.slice(0, most).map((text) => `   - ${said(text)}`)]
}

function placed ({ file, line, function: name }) {
  return `${shownFile(file)}${line === null ? '' : `:${line}`}${name === null ? '' : ` ${shownName(name)}`}`
}

function rows (numbers, channel, state, container) {
  const amount = (value) => channel === 'resources' ? `${grouped(Math.round(value))} handles` : bytes(value)
  const perTime = channel === 'resources' ? (value) => `${(value * 60).toFixed(1)} handles/min` : rate
  const { growth, since, until, fullGcs, growthRate, growthRateInterval, growthPerRequest, confidence, level, timeToLimitMs, limit, objects } = numbers
  return [
    ['state', state],
    ['level', known(level, amount)],
    ['growth', known(growth, amount)],
    ['from, to', known(since, () => `${since.toISOString()}, ${until.toISOString()}`)],
    ['full GCs', known(fullGcs, String)],
    ['pace', known(growthRate, () => growthRateInterval == null || channel === 'resources' ? perTime(growthRate) : rateWithin(growthRate, growthRateInterval))],
    ['for each request', known(growthPerRequest, amount)],
    ['confidence', known(confidence, percent)],
    ['time left', known(timeToLimitMs, () => `${duration(timeToLimitMs)} to ${limitInWords(limit, { slows: container?.slows })}`)],
    ['objects', known(objects, grouped)]
  ].filter(([, text]) => text !== null)
}

function known (value, write) {
  return value === null || value === undefined ? null : write(value)
}

function processLines ({ name, version, pid, threadId, node, platform, args, nodeArgs, started, watchedMs }, said) {
  return [
    `- ${said(`${name}${version === null ? '' : ` ${version}`}`)}, process ${pid}${threadId === 0 ? '' : `, thread ${threadId}`}, started ${started.toISOString()}, watched for ${duration(watchedMs)}`,
    `- Node.js ${node} on ${platform}${args.length + nodeArgs.length === 0 ? '' : `, options ${said([...nodeArgs, ...args].join(' '))}`}`
  ]
}

function limitLines ({ rss, usedHeapSize, heapSizeLimit, container, memoryLimit, machineAvailable }) {
  return [
    known(heapSizeLimit, () => `V8's heap: ${known(usedHeapSize, bytes) ?? 'unknown'} of ${bytes(heapSizeLimit)}`),
    known(rss, () => `resident memory: ${bytes(rss)}${memoryLimit === null ? '' : `, \`memoryLimit\` ${bytes(memoryLimit)}`}`),
    known(container, () => `container: ${bytes(container.usage)} of ${bytes(container.limit)}${container.slows ? ' (memory.high, which slows)' : ''}`),
    known(machineAvailable, () => `machine: ${bytes(machineAvailable)} available`)
  ].filter((text) => text !== null)
}

module.exports = { toMarkdown }
