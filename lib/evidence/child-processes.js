'use strict'

const path = require('node:path')
const { dataProperty } = require('./data-property')

/**
 * The program that most of the living child processes run.
 * @returns {{program: string, count: number, of: number} | undefined} the last part of its path; undefined where there are none
 */
function commonProgram () {
  const counts = new Map()
  let of = 0
  const known = /** @type {NodeJS.Process & {_getActiveHandles?: () => object[]}} */ (process)
  // oxlint-disable-next-line no-underscore-dangle -- there is no other way to what an app has begun
  for (const handle of known._getActiveHandles?.() ?? []) {
    const file = dataProperty(handle, 'spawnfile')
    if (typeof file !== 'string') continue
    of++
    const program = path.basename(file)
    counts.set(program, (counts.get(program) ?? 0) + 1)
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one)
  return most === undefined ? undefined : { program: most[0], count: most[1], of }
}

module.exports = { commonProgram }
