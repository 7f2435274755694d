'use strict'

/* global document */

// Which time the charts show.

const { forecastOf } = require('./forecast')
const { TIME, latest } = require('./latest')

const radios = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name=range]'))
/** Milliseconds; 0 for all. */
let range = 0
/** What the pointer selected. @type {[number, number] | null} */
let zoom = null

/** From and to, in milliseconds. */
function visible () {
  if (zoom !== null) return zoom
  const newest = latest.points.at(-1)?.[TIME] ?? Date.now()
  const oldest = latest.points[0]?.[TIME] ?? newest - 60000
  const from = range === 0 ? Math.min(oldest, newest - 10000) : newest - range
  const ahead = forecastOf(newest, newest - from)
  return [from, ahead === null ? newest : ahead.until]
}

function setRange (wanted) {
  zoom = null
  range = wanted
  for (const radio of radios) radio.checked = Number(radio.value) === wanted
}

/** @param {number} from @param {number} to */
function setZoom (from, to) {
  zoom = [from, to]
  for (const radio of radios) radio.checked = false
}

/** Of another process other moments are worth a look. */
function forgetZoom () {
  zoom = null
}

/** @param {(range: number) => void} chosen */
function listenToRanges (chosen) {
  for (const radio of radios) radio.addEventListener('change', () => chosen(Number(radio.value)))
}

module.exports = { forgetZoom, listenToRanges, setRange, setZoom, visible }
