'use strict'

/** A column whose part of its own is smaller than this share is a sum of the others. */
const DEPENDENT = 1e-5

/** @typedef {{coefficients: number[], spreads: number[], residuals: Float64Array, squares: number}} Fit */

/**
 * Ordinary least squares of `y` on `columns`, by Gram-Schmidt with a second pass, so that nearly
 * dependent columns do not lose their digits.
 * @param {Float64Array[]} columns of equal length
 * @param {Float64Array} y
 * @returns {Fit | null}
 *   `spreads[j]` times the error's variance is the variance of coefficient j, `squares` the sum of
 *   the residuals' squares; null where the columns depend on each other
 */
function leastSquares (columns, y) {
  const p = columns.length
  const basis = []
  const r = columns.map(() => new Float64Array(p))
  for (let j = 0; j < p; j++) {
    const rest = Float64Array.from(columns[j])
    const before = norm(rest)
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        const part = dot(basis[i], rest)
        r[i][j] += part
        subtract(rest, basis[i], part)
      }
    }
    r[j][j] = norm(rest)
    if (!(r[j][j] > DEPENDENT * before)) return null
    basis.push(rest.map((value) => value / r[j][j]))
  }
  const residuals = Float64Array.from(y)
  const heights = basis.map((direction) => {
    const height = dot(direction, residuals)
    subtract(residuals, direction, height)
    return height
  })
  const inverse = invertUpper(r)
  return {
    coefficients: inverse.map((row) => dot(row, heights)),
    spreads: inverse.map((row) => dot(row, row)),
    residuals,
    squares: dot(residuals, residuals)
  }
}

/** What is left of `y` beside `columns`, which do not depend on each other. @returns {Float64Array} */
function residualsOf (columns, y) {
  return /** @type {Fit} */ (leastSquares(columns, y)).residuals
}

function invertUpper (r) {
  const p = r.length
  const inverse = r.map(() => new Float64Array(p))
  for (let j = 0; j < p; j++) {
    inverse[j][j] = 1 / r[j][j]
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0
      for (let k = i + 1; k <= j; k++) sum += r[i][k] * inverse[k][j]
      inverse[i][j] = -sum / r[i][i]
    }
  }
  return inverse
}

function subtract (target, direction, amount) {
  for (let i = 0; i < target.length; i++) target[i] -= amount * direction[i]
}

function dot (one, other) {
  let sum = 0
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i]
  return sum
}

function norm (values) {
  return Math.sqrt(dot(values, values))
}

module.exports = { leastSquares, residualsOf, dot }
