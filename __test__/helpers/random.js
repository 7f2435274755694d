'use strict'

/**
 * Random numbers that are the same in every run (mulberry32).
 * @param {number} seed
 * @returns {{uniform: () => number, normal: () => number}}
 */
function createRandom (seed) {
  let state = seed
  const uniform = () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}

module.exports = { createRandom }
