'use strict'

const { bytes } = require('../../format')
const { element, made } = require('./elements')
const { newestOf } = require('./latest')
const { limits, limitsShown } = require('./limits')

/**
 * The lines of a chart with their newest values, each a button.
 * @param {import('./charts').Chart} chart
 * @param {{lineSwitched: () => void, limitsSwitched: () => void}} redraw
 */
function showLegend (chart, redraw) {
  const legend = element(`${chart.id}-legend`)
  if (legend.children.length === 0) {
    for (const line of chart.lines) legend.append(legendButton(line.name, () => {
      line.isHidden = !line.isHidden
      redraw.lineSwitched()
      showLegend(chart, redraw)
    }))
    if (chart.id === 'memory') legend.append(legendButton('limit', () => {
      limits.reaches = !limits.reaches
      redraw.limitsSwitched()
    }))
  }
  const buttons = /** @type {HTMLCollectionOf<HTMLElement>} */ (legend.children)
  chart.lines.forEach((line, at) => {
    const newest = newestOf(line.column)
    buttons[at].hidden = newest === undefined
    press(buttons[at], !line.isHidden, `${line.label} ${newest === undefined ? '-' : line.say(newest)}`)
  })
  if (chart.id !== 'memory') return
  const shown = limitsShown()
  const isFar = shown.some(({ bytes: limit }) => limit > (chart.plot?.scales.y.max ?? Infinity)) || limits.reaches
  const button = /** @type {HTMLElement} */ (legend.lastChild)
  button.hidden = shown.length === 0 || !isFar
  press(button, limits.reaches, `Up to the limit, ${shown.map(({ bytes: limit }) => bytes(limit)).join(' and ')}`)
}

function legendButton (name, onClick) {
  const button = made('button', '')
  button.type = 'button'
  const mark = made('i', '', name)
  mark.setAttribute('aria-hidden', 'true')
  button.append(mark, made('span', ''))
  button.addEventListener('click', onClick)
  return button
}

function press (button, isPressed, text) {
  button.setAttribute('aria-pressed', String(isPressed))
  if (button.lastChild.textContent !== text) button.lastChild.textContent = text
}

module.exports = { showLegend }
