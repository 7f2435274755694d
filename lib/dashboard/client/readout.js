'use strict'

// What a chart shows, in words.

const { bytes, duration, rate } = require('../../format')
const { element } = require('./elements')
const { PAUSE, TIME, latest } = require('./latest')
const { lineOf } = require('./lines')
const { clock, milliseconds, moment } = require('./words')

function describe (chart) {
  const { face, points } = latest
  const parts = chart.lines.map(({ label, column, say }) => {
    const known = points.filter((point) => point[column] !== null)
    return known.length === 0 ? undefined : `${label}: from ${say(known[0][column])} to ${say(known.at(-1)[column])}`
  }).filter((part) => part !== undefined)
  const first = points[0]?.[TIME]
  const over = first === undefined ? '' : ` over ${duration(points.at(-1)[TIME] - first)}`
  const trend = chart.id === 'memory' && face?.trend ? ` The trend rises by ${rate(face.trend.rate)}.` : ''
  element(`${chart.id}-chart`).setAttribute('aria-label', parts.length === 0
    ? `${chart.id === 'memory' ? 'Memory' : 'Requests'} over time: no readings yet.`
    : `${chart.id === 'memory' ? 'Memory' : 'Requests'}${over}. ${parts.join('; ')}.${trend} Left and right arrow keys read single moments.`)
}

/** What stood at one moment, below the chart, or what will stand there if it goes on so. */
function read (chart, plot) {
  const { face, points } = latest
  const { idx, left } = plot.cursor
  const readout = element(`${chart.id}-readout`)
  if (idx === null || idx === undefined || points[idx] === undefined) {
    readout.textContent = ''
    return
  }
  const newest = points.at(-1)[TIME]
  const at = plot.posToVal(left, 'x')
  const trend = face?.trend
  if (trend && at > newest + 1000) {
    const line = lineOf(trend.channel)
    const leads = trend.to[1] + trend.rate * (at - trend.to[0]) / 1000
    readout.textContent = chart.id === 'memory' ? `${clock(at)}, in ${duration(at - newest)} · ${line.label} about ${bytes(leads)}, if it goes on like this` : ''
    return
  }
  const parts = chart.lines.filter(({ isHidden }) => !isHidden).map(({ label, column, say }) => {
    const value = points.slice(0, idx + 1).findLast((point) => point[column] !== null)?.[column]
    return value === undefined ? undefined : `${label} ${say(value)}`
  }).filter((part) => part !== undefined)
  const pause = chart.id === 'memory' && points[idx][PAUSE] > 0 ? `, full GC of ${milliseconds(points[idx][PAUSE])}` : ''
  readout.textContent = `${moment(points[idx][TIME])}${pause} · ${parts.join(' · ')}`
}

/**
 * With the keys what the pointer does.
 * @param {import('./charts').Chart} chart
 * @param {() => void} leave what the pointer selected
 */
function readByKeys (chart, leave) {
  const holder = element(`${chart.id}-chart`)
  const readAloud = (how) => () => element(`${chart.id}-readout`).setAttribute('aria-live', how)
  holder.addEventListener('focus', readAloud('polite'))
  holder.addEventListener('blur', readAloud('off'))
  holder.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity }[event.key]
    const { points } = latest
    if (event.key === 'Escape') leave()
    if (step === undefined || points.length === 0 || chart.plot === undefined) return
    event.preventDefault()
    const index = Math.min(points.length - 1, Math.max(0, (chart.plot.cursor.idx ?? points.length) + step))
    chart.plot.setCursor({ left: chart.plot.valToPos(points[index][TIME], 'x'), top: 10 })
  })
  holder.addEventListener('dblclick', leave)
}

module.exports = { describe, read, readByKeys }
