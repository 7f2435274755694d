'use strict'

// A list of a million nodes: memwatch recursed along it and crashed at 80,000.
const { HeapDiff } = require('../..')

let head = null
for (let n = 0; n < 1e6; n++) head = { next: head }
const hd = new HeapDiff()
for (let n = 0; n < 1234; n++) head = { next: head }
const { before, change } = hd.end()
console.log(JSON.stringify({ before, objects: change.details.find(({ what }) => what === 'Object'), head: typeof head }))
