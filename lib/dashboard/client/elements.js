'use strict'

/* global document, window */

// What is there of the page, and what is made for it: text, wherever it stands.

/** Of the page itself, which has them all. @returns {HTMLElement} */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id))

const set = (id, text) => { if (element(id).textContent !== text) element(id).textContent = text }

const colour = (name) => window.getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

const shown = new Map()

/** What is the same stays as it is: it may be selected, focused or opened. */
function isNew (id, value) {
  const text = JSON.stringify(value)
  const before = shown.get(id)
  shown.set(id, text)
  return before !== text
}

function list (id, items, parts) {
  if (!isNew(id, items)) return
  element(`${id}-section`).hidden = items.length === 0
  element(id).replaceChildren(...items.map((item) => {
    const line = made('li', '')
    line.append(...parts(item))
    return line
  }))
}

function rows (body, items, cells) {
  body.replaceChildren(...items.map((item) => {
    const row = made('tr', '')
    row.append(...cells(item))
    return row
  }))
}

function header (text) {
  const cell = made('th', text, 'name')
  cell.scope = 'row'
  return cell
}

function cell (text, className = '') {
  return made('td', text, className)
}

function made (name, text, className = '') {
  const node = document.createElement(name)
  node.textContent = text
  if (className !== '') node.className = className
  return node
}

module.exports = { cell, colour, element, header, isNew, list, made, rows, set }
