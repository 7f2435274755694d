'use strict'

/* global document */

const { cell, element, header, isNew, made, rows } = require('./elements')
const { chooseSubject } = require('./stream')
const { forgetZoom } = require('./time')
const { moment } = require('./words')

function showProcesses (processes) {
  if (!isNew('processes', processes)) return
  element('processes').hidden = processes.length < 2
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.key
  const body = /** @type {HTMLTableSectionElement} */ (document.querySelector('#processes tbody'))
  rows(body, processes, ({ key, name, pid, threadId, state, badge, heap, rss, growth, left, seen }) => {
    return [key === null ? header(name) : chooser(key, name), cell(pid), cell(threadId), cell(badge, `word ${state}`), cell(heap), cell(rss), cell(growth), cell(left), cell(typeof seen === 'number' ? moment(seen) : seen, 'word')]
  })
  processes.forEach(({ isThis, isGone }, at) => {
    if (isThis) body.rows[at].setAttribute('aria-current', 'true')
    body.rows[at].classList.toggle('gone', isGone)
  })
  if (focused !== undefined) [...body.querySelectorAll('button')].find(({ dataset }) => dataset.key === focused)?.focus()
}

/** Leads to another process; in an app's own page there is none, and no key. */
function chooser (key, name) {
  const button = made('button', name)
  button.type = 'button'
  button.dataset.key = key
  button.addEventListener('click', () => {
    forgetZoom()
    chooseSubject(key)
  })
  const cell = header('')
  cell.append(button)
  return cell
}

module.exports = { showProcesses }
