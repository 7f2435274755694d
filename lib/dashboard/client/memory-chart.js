'use strict'

/* global uPlot */

const { bytes } = require('../../format')
const { colour } = require('./elements')
const { forecastOf } = require('./forecast')
const { PAUSE, TIME, latest } = require('./latest')
const { limits, limitsShown } = require('./limits')
const { lineOf } = require('./lines')
const { visible } = require('./time')
const { upper } = require('./words')

/** A limit further away than this many times what is shown would flatten the rest. */
const FAR = 2.5
/** Marks of full GCs stand at least so many pixels apart. */
const APART = 4

/** The top of the memory chart. */
function topOf (high) {
  const [from, to] = visible()
  const forecast = forecastOf(latest.points.at(-1)?.[TIME] ?? 0, to - from)
  const leads = forecast === null ? 0 : forecast.to[1] + Math.max(forecast.rate, 0) * (to - forecast.to[0]) / 1000
  const highest = Math.max(high ?? 0, 1e6)
  const near = limitsShown().map((each) => each.bytes).filter((value) => limits.reaches || value <= FAR * highest)
  return Math.max(highest, Math.min(leads, limits.reaches ? Infinity : FAR * highest), ...near) * 1.06
}

function drawMemory (plot) {
  const { ctx, bbox } = plot
  const x = (time) => plot.valToPos(time, 'x', true)
  const y = (value) => plot.valToPos(value, 'y', true)
  const ratio = uPlot.pxRatio
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width + 64 * ratio, bbox.height)
  ctx.clip()
  drawGcs(plot, x)
  drawForecast(plot, x, y)
  drawLimits(plot, y)
  ctx.restore()
}

/** The trend, as far as it was measured, and where it leads. */
function drawForecast ({ ctx, bbox, scales }, x, y) {
  const ratio = uPlot.pxRatio
  const [from, to] = [scales.x.min, scales.x.max]
  const newest = latest.points.at(-1)?.[TIME] ?? 0
  const forecast = forecastOf(newest, newest - from)
  if (forecast === null || lineOf(forecast.channel)?.isHidden) return
  const tone = forecast.isLeak ? colour('leaking') : colour('suspect')
  const [[fromTime, fromValue], [toTime, toValue]] = [forecast.from, forecast.to]
  const ahead = (slope) => toValue + slope * (to - toTime) / 1000
  ctx.fillStyle = tone
  ctx.globalAlpha = 0.12
  trace(ctx, [[x(toTime), y(toValue)], [x(to), y(ahead(forecast.high))], [x(to), y(ahead(forecast.low))]])
  ctx.fill()
  ctx.globalAlpha = 1
  ctx.strokeStyle = tone
  ctx.lineWidth = 1.25 * ratio
  trace(ctx, [[x(fromTime), y(fromValue)], [x(toTime), y(toValue)]])
  ctx.stroke()
  ctx.setLineDash([5 * ratio, 4 * ratio])
  trace(ctx, [[x(toTime), y(toValue)], [x(to), y(ahead(forecast.rate))]])
  ctx.stroke()
  if (newest < to) {
    ctx.strokeStyle = colour('line')
    ctx.setLineDash([])
    ctx.lineWidth = ratio
    trace(ctx, [[x(newest), bbox.top], [x(newest), bbox.top + bbox.height]])
    ctx.stroke()
  }
}

function drawLimits ({ ctx, bbox, scales }, y) {
  const ratio = uPlot.pxRatio
  ctx.setLineDash([6 * ratio, 4 * ratio])
  ctx.strokeStyle = colour('limit')
  ctx.fillStyle = colour('limit')
  ctx.font = `${12 * ratio}px system-ui, sans-serif`
  ctx.lineWidth = 1.5 * ratio
  for (const { bytes: limit, name } of limitsShown()) {
    if (limit > scales.y.max) continue
    trace(ctx, [[bbox.left, y(limit)], [bbox.left + bbox.width, y(limit)]])
    ctx.stroke()
    ctx.textAlign = 'left'
    ctx.fillText(`${upper(name)}, ${bytes(limit)}`, bbox.left + 6 * ratio, y(limit) + 15 * ratio)
  }
}

/** A short mark for each full GC, at the foot of the chart. */
function drawGcs ({ ctx, bbox, scales }, x) {
  const ratio = uPlot.pxRatio
  ctx.strokeStyle = colour('heap')
  ctx.globalAlpha = 0.7
  ctx.lineWidth = ratio
  let last = -Infinity
  for (const point of latest.points) {
    if (point[PAUSE] === null || point[TIME] < scales.x.min || point[TIME] > scales.x.max) continue
    const at = Math.round(x(point[TIME]))
    if (at - last < APART * ratio) continue
    last = at
    trace(ctx, [[at, bbox.top + bbox.height], [at, bbox.top + bbox.height - 6 * ratio]])
    ctx.stroke()
  }
  ctx.globalAlpha = 1
}

function trace (ctx, [[x, y], ...rest]) {
  ctx.beginPath()
  ctx.moveTo(x, y)
  for (const [nextX, nextY] of rest) ctx.lineTo(nextX, nextY)
}

module.exports = { drawMemory, topOf }
