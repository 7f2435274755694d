'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { RECIPES, tryRecipe } = require('../scripts/recipes')

/** `npm run test:recipes` runs them all: PM2's daemon and lightship's pauses take their time. */
const QUICK = ['Plain http', 'Cluster', 'Fastify', '@godaddy/terminus']

describe('a recipe of docs/stepping-aside.md leaves without a request that fails:', { timeout: 120000, concurrency: 2 }, () => {
  for (const name of QUICK) {
    const { node, processes, says } = RECIPES[name]
    const skip = process.platform === 'win32' || Number.parseInt(process.versions.node, 10) < node
    test(name, { skip }, async () => {
      const { failed, answered, left, said } = await tryRecipe(name)
      assert.deepEqual(failed, [], said)
      assert.equal(left, processes, said)
      assert.ok(answered > 0)
      if (says !== undefined) assert.match(said, says, 'the app\'s own end runs')
    })
  }
})
