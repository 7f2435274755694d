'use strict'

/* global document */

const { element, isNew, made, set } = require('./elements')

/** What is said where there are no suspects, by the state. */
const SEARCHES = { suspect: 'Suspects are looked for while memory grows, and named with the report.', leaking: 'None is known yet.', critical: 'None is known.', dead: 'None was reported.' }

/** @param {any[]} suspects @param {string} state */
function showSuspects (suspects, state) {
  set('no-suspects', SEARCHES[state] ?? 'Nothing is suspected. Suspects are looked for once memory grows.')
  if (!isNew('suspects', suspects)) return
  const opened = new Set([.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#suspects details[open]'))].map(({ dataset }) => dataset.key))
  element('no-suspects').hidden = suspects.length > 0
  element('suspects').replaceChildren(...suspects.map(({ description, holder, place, facts, evidence }) => {
    const item = made('li', '')
    item.append(made('strong', description))
    if (place !== '') {
      const line = made('p', '')
      line.append(made('code', place))
      item.append(line)
    }
    if (holder !== '') item.append(made('p', `Held by: ${holder}`))
    item.append(made('p', facts, 'quiet'))
    if (evidence.length > 0) {
      const details = made('details', '')
      details.dataset.key = description
      details.open = opened.has(description)
      const all = made('ul', '')
      all.append(...evidence.map((each) => made('li', each)))
      details.append(made('summary', 'What was seen'), all)
      item.append(details)
    }
    return item
  }))
}

module.exports = { showSuspects }
