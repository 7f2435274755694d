'use strict'

const { EventEmitter } = require('node:events')
const { PausePerHeap } = require('../../pauses')
const { isMap, isSet, isReadable, mapSize, setSize } = require('./read')
const { describePlace } = require('./place')
const { now } = require('../../slices')
const { listenersOf, isEmitter } = require('./shape')

const MAX_LISTED = 20
/** Objects of one kind whose size is asked for, all in one slice: about 0.2 us each. */
const MAX_OBJECTS = 500000
/** One question: V8 repeats full GCs before it. */
const asking = new PausePerHeap(10, 8)

const KINDS = [
  { type: 'Map', prototype: Map.prototype, fits: isMap, size: mapSize },
  { type: 'Set', prototype: Set.prototype, fits: isSet, size: setSize },
  { type: 'EventEmitter', prototype: EventEmitter.prototype, fits: isEmitter, size: (emitter) => listenersOf(emitter).total }
]

/**
 * The largest Maps, Sets and emitters of the whole heap, those that no name leads to as well. Each
 * kind takes several full GCs that cannot be cut into slices: what would take longer than is allowed is not asked.
 * @param {InstanceType<typeof import('./scopes').Scopes>} scopes
 * @param {InstanceType<typeof import('../../slices').Slices>} slices
 * @param {InstanceType<typeof import('../../pauses').Pauses>} pauses
 * @param {(container: object) => import('./ledger').Record | undefined} recordOf what the walk knows
 */
async function queryHeap (scopes, slices, pauses, recordOf) {
  const found = []
  for (const { type, prototype, fits, size } of KINDS) {
    await slices.turn()
    if (!pauses.allow(`${type}s that have no name were not looked for (\`heapWide\`)`, asking.expectedMs)) continue
    const startedAt = now()
    scopes.queryObjects(prototype, (objects) => {
      const sizes = []
      for (let i = 0; i < Math.min(objects.length, MAX_OBJECTS); i++) {
        const object = objects[i]
        if (isReadable(object) && fits(object)) sizes.push([size(object), i])
      }
      sizes.sort(([one], [other]) => other - one)
      found.push({
        type,
        count: objects.length,
        largest: sizes.slice(0, MAX_LISTED).filter(([entries]) => entries > 0).map(([entries, i]) => {
          const record = recordOf(objects[i])
          return { size: entries, name: record === undefined ? null : describePlace(record.place) }
        })
      })
    })
    asking.took(now() - startedAt)
  }
  return found
}

module.exports = { queryHeap }
