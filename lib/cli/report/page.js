'use strict'

const path = require('node:path')
const { confidenceInWords } = require('../../confidence')
const { escape, renderPage } = require('../../html')
const { named } = require('../../names')
const { stepName } = require('../path-lines')
const { bytes, change, count, location, percent } = require('../words')

/**
 * @typedef {{file: string, comparedWith?: string, totalSizeBefore?: number, suspects: import('../../..').SnapshotSuspect[]}} Found
 *
 * @param {{found: Found, summary: Record<string, any>, parts: any[][], assets: {style: string, script?: string}}} content
 * @returns {string} the whole page
 */
function page ({ found, summary, parts, assets }) {
  const name = path.basename(found.file)
  const body = `<header>
<h1>${escape(name)}</h1>
<p>${escape(headline(found, summary))}</p>
</header>
<main>
<section><h2>Suspects</h2>${suspectList(found)}</section>
<section>
<h2>What keeps the memory</h2>
<p class="hint">Each box is as wide as the memory that it keeps alive; below it is what it dominates. Click to zoom, click what is above to get back, Escape for the whole.</p>
<div id="icicle"></div>
<p id="detail" aria-live="polite"></p>
</section>
<section><h2>Classes</h2>${classTable(summary.classes)}</section>
${duplicates(summary.duplicateStrings)}
</main>
<footer>Sizes in powers of 1,000, as in DevTools. Keys and texts that are no names of the code are hidden as […]; words in them may remain.</footer>`
  return renderPage({ title: `${name} - tidemark`, body, data: parts, assets })
}

/** @param {Found} found @param {Record<string, any>} summary */
function headline ({ comparedWith, totalSizeBefore }, { totalSize, nodes }) {
  const now = `${bytes(totalSize)} in ${count(nodes)} objects`
  if (comparedWith === undefined) return now
  return `${now}, ${change(totalSize - (totalSizeBefore ?? 0))} since ${path.basename(comparedWith)}`
}

/** @param {Found} found */
function suspectList ({ suspects, comparedWith }) {
  if (suspects.length === 0) {
    return `<p>${comparedWith === undefined ? 'Nothing in this heap stands out.' : 'Nothing grew enough to be suspicious.'}</p>`
  }
  return `<ol class="suspects">${suspects.map(suspectItem).join('')}</ol>`
}

function suspectItem (suspect) {
  const { description, shareOfHeap, growth, path: steps } = suspect
  const confidence = confidenceInWords(suspect.confidence)
  const facts = [`${percent(shareOfHeap)} of the heap`, growth && `${change(growth)} since the first`, location(suspect.location)]
  return `<li>
<strong>${escape(description)}</strong>
<p><span class="badge ${confidence}">${confidence} confidence</span> ${escape(facts.filter(Boolean).join(' · '))}</p>
<details><summary>Why it lives</summary><ol class="path">${steps.map(stepItem).join('')}</ol></details>
</li>`
}

function stepItem (step, at) {
  const { edge, id, retainedSize, location: place } = step
  const held = edge ? `<span class="edge">${escape(edge.type)} ${escape(edge.name)}</span> ` : (at > 0 ? '… ' : '')
  return `<li>${held}<code>${escape(stepName(step, at))}</code> <span class="quiet">@${id} ${escape(bytes(retainedSize))} ${escape(location(place))}</span></li>`
}

function classTable (classes) {
  const rows = classes.map((row) => `<tr><td>${count(row.count)}<td>${escape(bytes(row.selfSize))}<td>${escape(bytes(row.retainedSize))}<td class="name"><code>${escape(named(row.class))}</code>`)
  return `<div class="scroll"><table><thead><tr><th>objects<th>own<th>retained<th class="name">class</thead><tbody>${rows.join('')}</tbody></table></div>`
}

function duplicates (strings) {
  if (strings.length === 0) return ''
  const rows = strings.slice(0, 15).map((each) => `<tr><td>${count(each.count)}<td>${escape(bytes(each.wasted))}<td class="name"><code>${escape(named(each.text.slice(0, 100)))}</code>`)
  return `<section><h2>Strings that are there more than once</h2><div class="scroll"><table><thead><tr><th>copies<th>waste<th class="name">text</thead><tbody>${rows.join('')}</tbody></table></div></section>`
}

module.exports = { page }
