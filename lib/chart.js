'use strict'

/** Room that a chart has above its highest value. */
const AIR = 1.05
/** A limit further away than this many times what is shown would flatten the rest. */
const FAR = 2.5

/**
 * Where everything stands in a chart, from 0 to 1 on both axes.
 * @param {{points: {timeMs: number, value: number}[], growthRate: number | null, limit: number | null}} series
 * @returns {{points: [x: number, y: number][], trend: [x: number, y: number][], limit: number | null, top: number, fromMs: number, toMs: number} | null}
 *   limit: null where there is none, or it is too far away; null where there is nothing to draw
 */
function layOut ({ points, growthRate, limit }) {
  if (points.length < 2) return null
  const [fromMs, toMs] = [points[0].timeMs, points.at(-1).timeMs]
  if (!(toMs > fromMs)) return null
  const highest = Math.max(...points.map(({ value }) => value), 1)
  const isNear = limit !== null && limit <= FAR * highest
  const top = AIR * (isNear ? Math.max(limit, highest) : highest)
  const place = (timeMs, value) => [(timeMs - fromMs) / (toMs - fromMs), Math.min(1, Math.max(0, value / top))]
  return {
    points: points.map(({ timeMs, value }) => place(timeMs, value)),
    trend: growthRate === null ? [] : trendOf(points, growthRate).map(({ timeMs, value }) => place(timeMs, value)),
    limit: isNear ? limit / top : null,
    top,
    fromMs,
    toMs
  }
}

/** A line of the detector's slope through the middle of the newer half. */
function trendOf (points, growthRate) {
  const newer = points.slice(Math.floor(points.length / 2))
  const mean = (of) => newer.reduce((sum, point) => sum + of(point), 0) / newer.length
  const [timeMs, value] = [mean((point) => point.timeMs), mean((point) => point.value)]
  const at = (when) => ({ timeMs: when, value: value + growthRate * (when - timeMs) / 1000 })
  return [at(newer[0].timeMs), at(points.at(-1).timeMs)]
}

/**
 * @param {ReturnType<typeof layOut>} chart
 * @param {{columns: number, rows: number}} size
 * @returns {string[]} lines, the highest first
 */
function drawText (chart, { columns, rows }) {
  const grid = Array.from({ length: rows }, () => Array(columns).fill(' '))
  const put = ([x, y], mark) => {
    grid[rows - 1 - Math.round(y * (rows - 1))][Math.round(x * (columns - 1))] = mark
  }
  if (chart.limit !== null) for (let x = 0; x < columns; x++) put([x / Math.max(1, columns - 1), chart.limit], '=')
  if (chart.trend.length > 0) {
    const [[x0, y0], [x1, y1]] = chart.trend
    for (let step = 0; step <= columns; step++) {
      const share = step / columns
      put([x0 + (x1 - x0) * share, y0 + (y1 - y0) * share], '-')
    }
  }
  for (const point of chart.points) put(point, '•')
  return grid.map((line) => line.join('').trimEnd())
}

/** @returns {string} an SVG element that needs nothing from elsewhere */
function drawSvg (chart, size) {
  return `<svg class="chart" viewBox="0 0 ${size.width} ${size.height}" preserveAspectRatio="none" role="img" aria-label="Readings over time, the trend and the limit">${shapesOf(chart, size)}</svg>`
}

/** @returns {string} SVG elements of the classes `limit`, `readings` and `trend` */
function shapesOf (chart, { width, height }) {
  const at = ([x, y]) => `${(x * width).toFixed(1)},${((1 - y) * height).toFixed(1)}`
  const limit = chart.limit === null ? '' : `<line class="limit" x1="0" x2="${width}" y1="${((1 - chart.limit) * height).toFixed(1)}" y2="${((1 - chart.limit) * height).toFixed(1)}"/>`
  const trend = chart.trend.length === 0 ? '' : `<polyline class="trend" points="${chart.trend.map(at).join(' ')}"/>`
  return `${limit}<polyline class="readings" points="${chart.points.map(at).join(' ')}"/>${trend}`
}

module.exports = { drawSvg, drawText, layOut, shapesOf }
