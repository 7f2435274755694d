'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')

const execFileAsync = promisify(execFile)

/** Runs a program of bench/programs to its end. @returns {Promise<any>} the JSON of its last line */
async function run (program, args = [], nodeArgs = [], deadlineMs = 120000) {
  const file = path.join(__dirname, 'programs', program)
  const { stdout } = await execFileAsync(process.execPath, [...nodeArgs, file, ...args], { timeout: deadlineMs })
  return JSON.parse(stdout.trimEnd().split('\n').pop())
}

/**
 * Rounds in which every variant runs once, so that a slow minute of the machine hits all alike; the
 * order turns from round to round.
 *
 * @param {string[]} variants
 * @param {number} rounds
 * @param {(variant: string) => Promise<any>} measure
 * @param {(done: number, all: number) => void} progress
 * @returns {Promise<Record<string, any[]>>} by variant, in the order of rounds
 */
async function alternate (variants, rounds, measure, progress) {
  const measured = Object.fromEntries(variants.map((variant) => [variant, []]))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < variants.length; i++) {
      const variant = variants[(i + round) % variants.length]
      measured[variant].push(await measure(variant))
      progress(round * variants.length + i + 1, rounds * variants.length)
    }
  }
  return measured
}

module.exports = { run, alternate }
