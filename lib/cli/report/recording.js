'use strict'

const { escape, readAssets, renderPage } = require('../../html')
const { writePrivately } = require('../../private-file')
const { drawSvg } = require('../../chart')

const SIZE = { width: 1000, height: 260 }

/**
 * Writes what a recorder file says as one page that loads nothing and runs nothing.
 * @param {string} file readable by its owner alone
 * @param {object} described as the recorder command describes it
 */
async function writeRecording (file, described) {
  await writePrivately(file, page(described, readAssets(__dirname, { style: 'style.css' })))
}

function page ({ title, facts, ending, isolates, leaks, remarks }, assets) {
  const body = `<header>
<h1>${escape(title)}</h1>
<p>${escape(ending)}</p>
</header>
<main>
<section>${facts.map((fact) => `<p>${escape(fact)}</p>`).join('')}</section>
${isolates.map(section).join('\n')}
${leaks.length === 0 ? '' : `<section><h2>What was told</h2>${leaks.map(leakItem).join('')}</section>`}
</main>
<footer>${escape(remarks.join(' '))}</footer>
`
  return renderPage({ title: `${title} - tidemark`, body, assets })
}

function section ({ title, subject, amount, chart, limit, changes }) {
  const drawn = chart === null
    ? '<p class="hint">Too few readings for a chart.</p>'
    : `<p class="hint">From 0 to ${escape(amount(chart.top))}${limit === null ? '' : `; the limit is ${escape(amount(limit))}`}</p>${drawSvg(chart, SIZE)}` +
      `<p class="hint">${escape(iso(chart.fromMs))} to ${escape(iso(chart.toMs))}</p>`
  return `<section><h2>${escape(title)}</h2><p>${escape(subject)}</p>${drawn}${changes.length === 0 ? '' : `<ul>${changes.map(({ timeMs, state }) => `<li>${escape(iso(timeMs))} ${escape(state)}</li>`).join('')}</ul>`}</section>`
}

function leakItem ({ time, message, suspects }) {
  const items = suspects.map(({ description }) => `<li>${escape(description)}</li>`)
  return `<p><span class="quiet">${escape(time)}</span> ${escape(message)}</p><ol>${items.join('')}</ol>`
}

function iso (timeMs) {
  return new Date(timeMs).toISOString()
}

module.exports = { writeRecording }
