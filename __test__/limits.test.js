'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { LANES, SHORT, judge, titleOf } = require('../scripts/limits')

const notLinux = process.platform !== 'linux' && 'memory groups, and limits for a process that runs, are Linux\'s'

// All cells: npm run test:limits.
describe('an app under a limit of memory survives', { skip: notLinux, concurrency: LANES }, () => {
  for (const cell of SHORT) {
    test(titleOf(cell).replace(/ +/g, ' '), async (t) => {
      const { state, what } = await judge(process.execPath, cell)
      if (state === 'skip') t.skip(what)
      else assert.equal(state, 'ok', what)
    })
  }
})
