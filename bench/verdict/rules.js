'use strict'

// The rules of others, in plain JavaScript, with their usual thresholds. Each is given the marks
// of one recording up to now and says on which channel there is a leak, if there is.
const CHANNELS = ['heap', 'external', 'native']
const LEAST_MARKS = 8
const MOST_MARKS = 40
const LEAST_SHARE = 0.1
const LEAST_BYTES = 1e6

/** memwatch: five full GCs in a row, each with more than the one before. */
function consecutive (channels, count = 5) {
  return (marks) => channels.find((channel) => {
    if (marks.length < count) return false
    const tail = marks.slice(-count - 1).map((mark) => mark[channel])
    if (tail.includes(undefined)) return false
    const growths = tail.filter((size, i) => i > 0 && size > tail[i - 1]).length
    return growths === count || (marks.length === count && growths === count - 1)
  })
}

/** A straight line by least squares: it rises, explains the marks, and the rise means something. */
function leastSquares (leastR2 = 0.8) {
  return overWindows((at, sizes) => {
    const { slope, r2 } = line(at, sizes)
    return r2 >= leastR2 && material(slope * (at.at(-1) - at[0]), sizes)
  })
}

/** Mann-Kendall's test at 5 %, and Sen's slope for the size of the rise. */
function mannKendall (leastZ = 1.645) {
  return overWindows((at, sizes) => {
    const n = sizes.length
    const slopes = []
    let s = 0
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        s += Math.sign(sizes[j] - sizes[i])
        if (at[j] > at[i]) slopes.push((sizes[j] - sizes[i]) / (at[j] - at[i]))
      }
    }
    const z = (s - Math.sign(s)) / Math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    if (z < leastZ || slopes.length === 0) return false
    slopes.sort((a, b) => a - b)
    return material(slopes[slopes.length >> 1] * (at.at(-1) - at[0]), sizes)
  })
}

/** Every channel, over the marks since start-up (the first one is left out). */
function overWindows (rises) {
  return (marks) => {
    const window = marks.slice(1).slice(-MOST_MARKS)
    if (window.length < LEAST_MARKS) return undefined
    const at = window.map((mark) => mark.atMs)
    return CHANNELS.find((channel) => {
      const sizes = window.map((mark) => mark[channel])
      return !sizes.includes(undefined) && rises(at, sizes)
    })
  }
}

function material (growth, sizes) {
  const base = Math.max(0, Math.min(...sizes))
  return growth >= Math.max(LEAST_BYTES, LEAST_SHARE * base)
}

function line (at, sizes) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanAt, meanSize] = [mean(at), mean(sizes)]
  let xx = 0
  let xy = 0
  let yy = 0
  for (let i = 0; i < at.length; i++) {
    const [x, y] = [at[i] - meanAt, sizes[i] - meanSize]
    xx += x * x
    xy += x * y
    yy += y * y
  }
  return { slope: xx > 0 ? xy / xx : 0, r2: xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : 0 }
}

module.exports = { CHANNELS, consecutive, leastSquares, mannKendall }
