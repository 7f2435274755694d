'use strict'

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { describe, it } = require('node:test')
const { result } = require('./helpers/child')

const PROGRAM = path.join(__dirname, 'programs', 'evidence-leak.js')
const RUN = { nodeArgs: ['--max-old-space-size=160'], deadlineMs: 400000 }

describe('the suspects of a leak', { concurrency: 2 }, () => {
  it('name the route that keeps its requests, and the Map that holds them', { timeout: 410000 }, async () => {
    const { leak, status } = await result('evidence-leak.js', { ...RUN, args: ['requests'] })
    const [top] = leak.suspects
    const told = [top, ...top.evidence].map(({ description }) => description).join('\n')
    assert.match(told, /GET \/items\/:id keeps \d+ % of its requests/)
    assert.match(told, /`kept`/)
    assert.match(leak.signature, /^tidemark:heap/)
    assert.match(leak.message, /Most likely: /)
    assert.deepEqual(JSON.parse(JSON.stringify(leak.suspects)), leak.suspects)
    assert.equal(status.evidence.collecting, true)
  })

  it('name the function that allocates what stays', { timeout: 410000 }, async () => {
    const { leak } = await result('evidence-leak.js', { ...RUN, args: ['values'] })
    const line = readFileSync(PROGRAM, 'utf8').split('\n').findIndex((text) => text.includes('function remember')) + 1
    const [{ location }] = leak.suspects
    assert.equal(`${location?.file}:${location?.line}`, `${PROGRAM}:${line}`, JSON.stringify(leak.suspects, null, 1))
  })
})
