'use strict'

// What the server said last. Its points, and all but the points.

// Columns of a point.
const [TIME, HEAP, EXTERNAL, NATIVE, RSS, REQUESTS, P99, PAUSE] = [0, 1, 2, 3, 4, 5, 6, 7]

/** @type {{face: Record<string, any> | null, points: any[]}} */
const latest = { face: null, points: [] }

function newestOf (column) {
  return latest.points.findLast((point) => point[column] !== null)?.[column]
}

module.exports = { EXTERNAL, HEAP, NATIVE, P99, PAUSE, REQUESTS, RSS, TIME, latest, newestOf }
