'use strict'

const path = require('node:path')
const { confidenceInWords, isCredible } = require('../../confidence')
const { HeapSnapshot } = require('../../analysis')
const { openAll } = require('../open')
const { pathLines } = require('../path-lines')
const { checkTarget } = require('../report/target')
const { bytes, change, count, location, percent, quoted, short } = require('../words')
const { plain } = require('../../plain')

const COLOURS = { high: 'red', medium: 'yellow', low: 'dim' }

/** Size of the last snapshot, as a share of the first, below which they may have been given in the wrong order. */
const SHRUNK = 0.98

async function run (context) {
  const { files, options } = context
  if (options.html !== undefined) await checkTarget(options.html, files)
  const snapshots = await openAll(context)
  const last = snapshots[snapshots.length - 1]
  const first = snapshots.length > 1 ? snapshots[0] : undefined
  const suspects = await last.suspects(first)
  const json = {
    file: files[files.length - 1],
    totalSize: last.totalSize,
    nodes: last.nodeCount,
    ...(first && { comparedWith: files[0], totalSizeBefore: first.totalSize }),
    suspects,
    ...(snapshots.length > 2 && { growing: await HeapSnapshot.series(snapshots, { rows: 20 }) })
  }
  if (options.html !== undefined) await require('../report').writeReport(options.html, last, json)
  const suspicious = suspects.some(isCredible)
  return { json, text: options.format === 'md' ? markdown(json, files) : text(json, context), suspicious }
}

function markdown (json, files) {
  const { compareCommand } = require('../../report/check')
  const { snapshotReport } = require('../../report/contents')
  const { toMarkdown } = require('../../report/markdown')
  return toMarkdown(snapshotReport(json, files, compareCommand(files), new Date()))
}

function text (json, { files, options, terminal }) {
  const lines = [`${header(json)}\n`]
  json.suspects.forEach((suspect, at) => lines.push(...suspectLines(suspect, at, terminal), ''))
  if (json.growing?.length > 0) {
    lines.push(terminal.style('bold', `Grew in each of the ${files.length - 1} steps`))
    for (const row of json.growing) {
      lines.push(`  ${short(row.class, 60)}: ${row.counts.map(count).join(' → ')} objects, ${row.sizes.map(bytes).join(' → ')}`)
    }
    lines.push('')
  }
  lines.push(...advice(json, options, terminal))
  return `${lines.join('\n')}\n`
}

function header ({ file, comparedWith, totalSize, totalSizeBefore, nodes }) {
  const now = `${plain(file)}: ${bytes(totalSize)} in ${count(nodes)} objects`
  return comparedWith === undefined ? now : `${now}, ${change(totalSize - totalSizeBefore)} since ${plain(path.basename(comparedWith))}`
}

function suspectLines (suspect, at, terminal) {
  const { description, shareOfHeap, growth, id } = suspect
  const confidence = confidenceInWords(suspect.confidence)
  const facts = [
    terminal.style(COLOURS[confidence], `${confidence} confidence`),
    `${percent(shareOfHeap)} of the heap`,
    growth && `${change(growth)} since the first`,
    location(suspect.location)
  ]
  const lines = [
    `${at + 1}. ${terminal.style('bold', plain(description))}`,
    `   ${facts.filter(Boolean).join(' · ')}`
  ]
  // What is hardly believed needs no proof on the first screen; `tidemark path` has it.
  if (!isCredible(suspect)) return [...lines, `   @${id}`]
  return [
    ...lines,
    `   @${id} lives because of:`,
    ...pathLines(suspect.path).map((line) => terminal.style('dim', `     ${line}`))
  ]
}

function advice ({ suspects, comparedWith, file, totalSize, totalSizeBefore }, { html }, terminal) {
  const lines = []
  const large = suspects.find((suspect) => !isCredible(suspect))
  if (large !== undefined) {
    lines.push(`Of low confidence is what is merely large. Why it lives: tidemark path ${quoted(file)} --node ${large.id}`)
  }
  if (suspects.length === 0) {
    lines.push(terminal.style('green', comparedWith === undefined
      ? 'Nothing in this heap stands out.'
      : 'Nothing grew enough to be suspicious.'))
    if (totalSize < totalSizeBefore * SHRUNK) {
      lines.push(`'${plain(file)}' is smaller than '${plain(comparedWith)}': was it taken before? The earlier one comes first.`)
    }
  }
  if (comparedWith === undefined) {
    lines.push(`One snapshot shows what is large, not what grows. Take another in some minutes: tidemark suspects ${quoted(file)} LATER`)
  }
  if (html !== undefined) lines.push(`The report is in ${plain(html)}`)
  return lines
}

module.exports = { run }
