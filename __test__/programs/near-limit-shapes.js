'use strict'

// Fills its heap with one kind of thing until V8 ends the process: node near-limit-shapes.js SHAPE [OPTIONS]
// SHAPE: objects, strings or array. OPTIONS: of tidemark.start(), as JSON; without them tidemark is not loaded.
// Prints one line when nine tenths of --max-old-space-size are used.
const { writeSync } = require('node:fs')
const { getHeapStatistics } = require('node:v8')

const OLD_SPACE = Number(/--max-old-space-size=(\d+)/.exec(process.execArgv.join())[1]) * 1048576

const [shape, options] = process.argv.slice(2)
if (options !== undefined) require('../..').start(JSON.parse(options))

const kept = []
const SHAPES = {
  objects (id) { kept.push(Array.from({ length: 1000 }, (_, i) => ({ id, i, next: { i } }))) },
  strings (id) { kept.push(Array.from({ length: 100 }, (_, i) => Buffer.alloc(512, `${id}-${i} `).toString('latin1'))) },
  /** One array, whose store V8 copies into a larger one again and again. */
  array (id) { for (let i = 0; i < 2000; i++) kept.push({ id }) }
}
const fill = SHAPES[shape]

let told = false
function turn () {
  for (let i = 0; i < 40; i++) fill(i)
  if (!told && getHeapStatistics().used_heap_size > OLD_SPACE * 0.9) {
    told = true
    writeSync(1, 'near\n')
  }
  setTimeout(turn, 2)
}
// After tidemark's first look.
setTimeout(turn, 300)
