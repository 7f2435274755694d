'use strict'

const { layOut, shapesOf } = require('../chart')
const { bytes, grouped } = require('../format')
const { escape } = require('../html')

/** So few points draw any course, and 10 kB hold them. */
const MOST_POINTS = 240

const SIZE = { width: 760, height: 280 }
const PLOT = { left: 84, top: 56, width: 656, height: 190 }

const SUBJECTS = {
  heap: 'JavaScript heap after full GCs',
  external: 'External memory after full GCs',
  native: 'Resident memory outside of V8',
  resources: 'Active handles'
}

/** Of a sample; memory outside of V8 as far as one sample knows it. */
const READINGS = {
  heap: ({ usedHeapSize }) => usedHeapSize,
  external: ({ externalMemory }) => externalMemory,
  native: ({ rss, totalHeapSize, externalMemory }) => rss === undefined ? undefined : Math.max(0, rss - totalHeapSize - externalMemory),
  resources: ({ resources }) => resources
}

/** Readable on light and on dark paper: the picture brings no paper of its own. */
const STYLE = 'text{font:12px system-ui,sans-serif;fill:#444}.title{font-size:15px;font-weight:600;fill:#111}.grid{stroke:#8888;stroke-width:1}' +
  '.readings{fill:none;stroke:#1763b6;stroke-width:2;stroke-linejoin:round}.trend{fill:none;stroke:#b3541e;stroke-width:2;stroke-dasharray:7 5}' +
  '.limit{stroke:#c1121f;stroke-width:2;stroke-dasharray:2 4}' +
  '@media(prefers-color-scheme:dark){text{fill:#bbb}.title{fill:#eee}.readings{stroke:#6cb0ff}.trend{stroke:#f0a06a}.limit{stroke:#ff6b6b}}'

/**
 * The course of one channel as a picture that needs nothing from elsewhere.
 * @param {{
 *   title: string,
 *   channel: string,
 *   numbers: {growthRate: number | null},
 *   limits: {heapSizeLimit: number | null, container: {limit: number} | null, memoryLimit: number | null}
 * }} report
 * @param {{samples: object[], coarse: object[]}} history
 * @returns {string | null} SVG; null where there are too few readings
 */
function drawChart ({ title, channel, numbers, limits }, history) {
  const points = pointsOf(channel, history)
  const limit = channel === 'heap' ? limits.heapSizeLimit : channel === 'resources' ? null : nearest(limits.container?.limit, limits.memoryLimit)
  const chart = layOut({ points, growthRate: numbers.growthRate, limit })
  return chart === null ? null : render(chart, { title, channel, limit, points })
}

/** @param {(number | null | undefined)[]} limits @returns {number | null} of those that are known */
function nearest (...limits) {
  const known = limits.filter((limit) => typeof limit === 'number')
  return known.length === 0 ? null : Math.min(...known)
}

/** The lowest levels of older times, then each full GC. */
function pointsOf (channel, { samples, coarse }) {
  const readings = samples.map((sample) => ({ timeMs: sample.time.getTime(), value: READINGS[channel](sample) })).filter(({ value }) => value !== undefined)
  const from = readings[0]?.timeMs ?? Infinity
  const older = coarse.filter((bucket) => bucket[channel] !== undefined && bucket.end.getTime() < from)
    .map((bucket) => ({ timeMs: (bucket.start.getTime() + bucket.end.getTime()) / 2, value: bucket[channel].min }))
  return thinned([...older, ...readings])
}

/** Of each few the lowest: that is the low-water mark. */
function thinned (points) {
  const size = Math.ceil(points.length / MOST_POINTS)
  if (size <= 1) return points
  return Array.from({ length: Math.ceil(points.length / size) }, (_, at) =>
    points.slice(at * size, (at + 1) * size).reduce((lowest, point) => point.value < lowest.value ? point : lowest))
}

function render (chart, { title, channel, limit, points }) {
  const amount = channel === 'resources' ? (value) => grouped(Math.round(value)) : bytes
  const { left, top, width, height } = PLOT
  const [first, last] = [points[0], points.at(-1)]
  const marks = [0, 0.5, 1].map((share) => ({ y: top + (1 - share) * height, text: amount(share * chart.top) }))
  const legend = [['readings', 'after full GCs'], ...chart.trend.length > 0 ? [['trend', 'trend']] : [], ...chart.limit !== null ? [['limit', `limit, ${amount(limit)}`]] : []]
  const description = `${SUBJECTS[channel]} from ${amount(first.value)} at ${iso(first.timeMs)} to ${amount(last.value)} at ${iso(last.timeMs)}` +
    `${limit === null || limit === undefined ? '' : `; the limit is ${amount(limit)}${chart.limit === null ? ', far above the picture' : ''}`}.`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="${SIZE.width}" height="${SIZE.height}" role="img" aria-labelledby="title desc">
<title id="title">${escape(title)}</title>
<desc id="desc">${escape(description)}</desc>
<style>${STYLE}</style>
<text class="title" x="${left}" y="24">${escape(SUBJECTS[channel])}</text>
${legend.map(([name, text], at) => `<line class="${name}" x1="${left + at * 170}" x2="${left + at * 170 + 26}" y1="40" y2="40"/><text x="${left + at * 170 + 32}" y="44">${escape(text)}</text>`).join('')}
${marks.map(({ y, text }) => `<line class="grid" x1="${left}" x2="${left + width}" y1="${y}" y2="${y}"/><text x="${left - 8}" y="${y + 4}" text-anchor="end">${escape(text)}</text>`).join('')}
<svg x="${left}" y="${top}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" overflow="visible">${shapesOf(chart, PLOT)}</svg>
<text x="${left}" y="${top + height + 22}">${iso(chart.fromMs)}</text>
<text x="${left + width}" y="${top + height + 22}" text-anchor="end">${iso(chart.toMs)}</text>
</svg>
`
}

/** To the second. */
function iso (timeMs) {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

module.exports = { drawChart }
