'use strict'

// The snippets of docs/testing.md in the four runners, as a user has them: without configuration, without flags.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { makeProject, outcomeOf, runTests } = require('../scripts/leak-test-runners')

/** Each starts two workers of its own. */
const TWO_AT_ONCE = { concurrency: 2, timeout: 300000 }

/** Of a shell that runs in CI, in a runner, or under coverage itself. */
const PLAIN = { NODE_V8_COVERAGE: '' }

describe('the leak is told with its holder, and the fixed function passes beside it, in', TWO_AT_ONCE, () => {
  for (const [name, pool] of [['Jest'], ['Vitest', 'threads'], ['Vitest', 'forks'], ['Mocha'], ['node:test']]) {
    test(`${name}${pool === undefined ? '' : ` with ${pool}`}`, async (t) => {
      const project = makeProject(name)
      t.after(project.remove)
      const { code, output, outcomes } = await runTests(name, project.folder, { pool, env: PLAIN })
      assert.equal(outcomes.length, 2, output)
      assert.deepEqual(outcomeOf(outcomes, 'fixed')?.passed, true, output)
      const leak = outcomeOf(outcomes, 'leaky')
      assert.equal(leak?.passed, false, output)
      assert.match(leak.message, /`visit` grows by 1 Session \(\d+ bytes\) a call: held by Map .*leaky[\\/]src[\\/]visits\.js/, output)
      assert.match(leak.message, /allocated: visit \(leaky[\\/]src[\\/]visits\.js:14\)/, output)
      assert.notEqual(code, 0)
    })
  }
})
