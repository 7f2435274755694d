'use strict'

const path = require('node:path')
const { createError } = require('../../errors')
const format = require('../../format')
const html = require('../../html')

const LONGEST_NAME = 200
const TITLE = 'What stays in memory, by the code that allocated it'

/**
 * @param {string} file that is to be made of them
 * @returns {{style: string, script?: string}} what the page is made of
 * @throws where a bundler has left that out: better before the sampling than after it
 */
function readAssets (file) {
  try {
    return html.readAssets(__dirname, { style: 'style.css', script: 'view.js' })
  } catch (cause) {
    throw createError('ERR_TIDEMARK_PROFILE_FILE',
      [file, `what it is made of is not there (${cause.message}). A bundler left it out: mark tidemark as external.`], { cause })
  }
}

/**
 * The tree as one HTML file.
 * @param {import('../growth-tree').GrowthNode} root
 * @param {{durationMs: number, intervalBytes: number, sites: import('../../..').LeakSuspect[]}} about
 * @param {{style: string, script?: string}} assets
 * @returns {string}
 */
function renderFlameGraph (root, { durationMs, intervalBytes, sites }, assets) {
  const facts = `${format.bytes(root.total)} of what was allocated within ${format.duration(durationMs)} is alive. ` +
    `Node.js ${process.versions.node}, process ${process.pid}, ${new Date().toISOString()}, one sample each ${format.bytes(intervalBytes)}.`
  const body = `<header>
  <h1>${TITLE}</h1>
  <p>${facts}</p>
</header>
<div id="bar">
  <input id="search" type="search" placeholder="Search functions and files" aria-label="Search functions and files">
  <output id="found"></output>
  <button id="reset" type="button" hidden>Show all</button>
  <ul id="legend">
    <li><i class="grows"></i>grew from the first half to the second</li>
    <li><i class="stays"></i>did not</li>
    <li><i class="app"></i>application</li>
    <li><i class="package"></i>package</li>
    <li><i class="node"></i>Node.js</li>
  </ul>
</div>
<main id="graph"></main>
<div id="tip" role="tooltip" hidden></div>
<section>
  <h2>Functions of the application, and of packages, by what stayed</h2>
  <table id="sites"><thead><tr><th>function<th>alive<th>growth<th>share of growth<th>confidence</thead><tbody></tbody></table>
  <p>A function is placed where it begins; what V8 inlined counts as its caller. Callers are above what they call.</p>
</section>`
  return html.renderPage({ title: TITLE, body, data: { ...pack(root), sites: sites.map(toRow) }, assets })
}

/** Names and places once, then nodes as [frame, total, self, growth, children]. */
function pack (root) {
  const frames = []
  const indices = new Map()
  const indexOf = (frame) => {
    const { owner = 'root', name = null, location = null, url = '' } = frame ?? {}
    const place = location === null ? url : `${relative(location.file)}:${location.line}`
    const key = JSON.stringify([owner, name, place])
    if (!indices.has(key)) {
      indices.set(key, frames.length)
      frames.push([short(name ?? (frame === null ? 'all' : '(anonymous)')), place, owner])
    }
    return indices.get(key)
  }
  const packed = ({ frame, total, self, growth, children }) =>
    [indexOf(frame), Math.round(total), Math.round(self), Math.round(growth), children.map(packed)]
  return { root: packed(root), frames }
}

function toRow ({ key, location, bytes, growth, share, confidence }) {
  return { name: short(location?.function ?? '(anonymous)'), key, place: location === null ? '' : `${relative(location.file)}:${location.line}`, bytes, growth, share, confidence }
}

function relative (file) {
  const below = path.relative(process.cwd(), file)
  return below.startsWith('..') ? file : below
}

function short (name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name
}

module.exports = { readAssets, renderFlameGraph }
