'use strict'

// Pieces of a heap, some 20 to 100 kB each, by the kind of what they hold.

const { randomBytes } = require('node:crypto')

class Session {
  constructor (id) {
    this.token = `token-${id}`
    this.history = [{ id }, { id }]
  }
}

const times = (count, make) => Array.from({ length: count }, (_, at) => make(at))

let count = 0
const one = []
const sink = new Map()

const KINDS = {
  'objects in arrays': (i) => times(1000, (at) => ({ i, at, next: null })),
  'objects in Maps': (i) => new Map(times(500, (at) => [at, { i, at, next: null }])),
  /** One array of all of them. */
  'one array of objects': (i) => { for (let at = 0; at < 1000; at++) one.push({ i, at }) },
  'one Map of instances': () => { for (let at = 0; at < 200; at++) sink.set(count, new Session(count++)) },
  closures: (i) => times(500, (at) => () => i + at),
  'linked list': (i) => { let last = null; for (let at = 0; at < 1000; at++) last = { i, last }; return last },
  'short strings': (i) => times(500, (at) => `a string with a number ${i} and another ${at}`.split('').reverse().join('')),
  'long strings': () => randomBytes(50000).toString('hex'),
  'numbers in arrays': (i) => Float64Array.from === undefined ? [] : times(5000, (at) => i + at + 0.5),
  'pointers in arrays': (i) => { const same = [{ i }, { i }, { i }]; return times(10000, (at) => same[at % 3]) },
  'plain dictionaries': (i) => Object.fromEntries(times(300, (at) => [`key_${i}_${at}`, { at }])),
  Buffers: () => Buffer.alloc(50000, 1),
  /** As a service keeps them: ids, headers, a body's text, a parsed tree, a listener, a promise, a date. */
  'mixed service': (i) => times(20, (at) => ({
    id: `${i}-${at}`,
    headers: { host: 'example.org', accept: 'application/json', 'x-request': `${i * at}` },
    body: `{"name":"somebody","number":${at},"text":"${'x'.repeat(400 + at)}${i}"}`.split('').join(''),
    parsed: JSON.parse(`{"items":[{"a":${i},"b":"${at}"},{"a":1,"b":[1,2,3]}],"total":${i}.5}`),
    done: () => i + at,
    later: Promise.resolve(i),
    tags: new Set([i, at, `t${at}`]),
    when: new Date(i)
  }))
}

module.exports = { KINDS }
