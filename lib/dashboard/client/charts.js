'use strict'

/* global ResizeObserver, uPlot, window */

const { grouped } = require('../../format')
const { colour, element } = require('./elements')
const { P99, TIME, latest, newestOf } = require('./latest')
const { showLegend } = require('./legend')
const { lines } = require('./lines')
const { drawMemory, topOf } = require('./memory-chart')
const { describe, read, readByKeys } = require('./readout')
const { listenToRanges, setRange, setZoom, visible } = require('./time')
const { axisTime, milliseconds, size } = require('./words')

const SYNC = uPlot.sync('tidemark')
const AXIS_FONT = '12px system-ui, sans-serif'

/**
 * @typedef {{id: 'memory' | 'requests', lines: import('./lines').Line[], scales: uPlot.Scales, axes: uPlot.Axis[], draw: (plot: uPlot) => void, plot?: uPlot}} Chart
 *
 * @type {Chart[]}
 */
const charts = [
  {
    id: 'memory',
    lines: lines.memory,
    scales: { y: { range: (_, low, high) => [0, topOf(high)] } },
    axes: [{ scale: 'y', size: 64, values: (_, splits) => splits.map(size) }],
    draw: drawMemory
  },
  {
    id: 'requests',
    lines: lines.requests,
    scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] }, ms: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] } },
    axes: [
      { scale: 'y', size: 64, values: (_, splits) => splits.map((value) => grouped(value)) },
      { scale: 'ms', side: 1, size: 64, grid: { show: false }, values: (_, splits) => newestOf(P99) === undefined ? [] : splits.map((value) => value === 0 ? '0' : milliseconds(value)) }
    ],
    draw: () => {}
  }
]

function build (chart) {
  chart.plot?.destroy()
  const holder = element(`${chart.id}-chart`)
  const ink = colour('quiet')
  const grid = { stroke: colour('grid'), width: 1 }
  const axis = { stroke: ink, font: AXIS_FONT, grid, ticks: { show: false } }
  const isNarrow = holder.clientWidth < 520
  chart.plot = new uPlot({
    width: holder.clientWidth,
    height: holder.clientHeight,
    ms: 1,
    legend: { show: false },
    padding: [12, chart.axes.length > 1 ? 0 : isNarrow ? 8 : 64, 0, 0],
    cursor: { sync: { key: SYNC.key, setSeries: false }, y: false, points: { size: 7 }, drag: { x: true, y: false } },
    scales: { x: { time: true, range: () => visible() }, ...chart.scales },
    axes: [{ ...axis, size: 28, space: isNarrow ? 90 : 70, values: (_, splits, __, ___, step) => splits.map((time) => axisTime(time, step)) }, ...chart.axes.map((each) => ({ ...axis, ...each, size: isNarrow ? 54 : each.size, grid: each.grid ?? grid }))],
    series: [{}, ...chart.lines.map(({ name, width, points, scale = 'y', isHidden }) => ({
      scale,
      show: !isHidden,
      stroke: colour(name),
      width,
      spanGaps: true,
      points: { show: points === true ? (plot, index) => marked(plot, index) : false, size: 5, fill: colour(name) }
    }))],
    hooks: {
      draw: [(plot) => chart.draw(plot, chart)],
      setCursor: [(plot) => read(chart, plot)],
      setSelect: [({ select, posToVal }) => {
        if (select.width < 8) return
        setZoom(posToVal(select.left, 'x'), posToVal(select.left + select.width, 'x'))
        for (const each of charts) each.plot?.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
        draw()
      }]
    }
  }, columns(chart), holder)
}

/** Points are shown where there is room for each. */
function marked (plot, index) {
  const [from, to] = plot.series[index].idxs
  const count = plot.data[index].slice(from, to + 1).filter((value) => value !== null).length
  return count > 0 && plot.bbox.width / uPlot.pxRatio / count > 8
}

function columns ({ lines }) {
  return [latest.points.map((point) => point[TIME]), ...lines.map(({ column }) => latest.points.map((point) => point[column]))]
}

function draw () {
  for (const chart of charts) {
    if (chart.plot === undefined) build(chart)
    else chart.plot.setData(columns(chart))
    showLegend(chart, { lineSwitched: () => build(chart), limitsSwitched: draw })
    describe(chart)
  }
}

/** The time that is shown; 0 for all. */
function choose (range) {
  setRange(range)
  draw()
}

function rebuild () {
  if (latest.face !== null) for (const chart of charts) build(chart)
}

function listenToReader () {
  for (const chart of charts) readByKeys(chart, () => choose(0))
  listenToRanges(choose)
  new ResizeObserver(rebuild).observe(element('memory-chart'))
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', rebuild)
}

module.exports = { draw, listenToReader }
