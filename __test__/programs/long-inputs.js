'use strict'

// Gives inputs of 100,000 characters to everything that reads texts from outside: messages, environments, URLs,
// stacks, sources. Ends when all of them are read, which a pattern that is not linear does not let it within a minute.
const { parseStack, applicationFrame } = require('../../lib/evidence/app-frame')
const { brief, keyOf, parts } = require('../../lib/evidence/bounds')
const { mentionOf, noteFills } = require('../../lib/evidence/census/mention')
const { describePlace, keyOf: placeKey, anchor, step } = require('../../lib/evidence/census/place')
const { RouteNames } = require('../../lib/evidence/routes/name')
const { mapLocation } = require('../../lib/evidence/source-maps')
const { createError } = require('../../lib/errors')
const { sentence } = require('../../lib/errors')
const { escape, inert } = require('../../lib/html')
const { named } = require('../../lib/names')
const { plain, plainJson } = require('../../lib/plain')
const { textLine, jsonLine } = require('../../lib/register/lines')
const { readVariables } = require('../../lib/register/variables')

const PIECES = [' ', '.', '\n', '\t \n', 'a', '1', '-', '_', '/', '\\', '[', ']', '(', ')', '`', ':', '%', '$', '#a', ' [as ', ' at a (', 'eval at ',
  'x[', 'this.a', 'a.', '1:1:', 'é', '"', '{', 'A1', 'aB', '&', '<', '=>', 'data:application/json', ';base64,']

const readers = [
  (text) => textLine('error', { code: 'X', message: text }),
  (text) => jsonLine('warning', { message: text }),
  (text) => readVariables({ TIDEMARK_MEMORY_LIMIT: `1${text}x`, TIDEMARK_CHANNELS: text, TIDEMARK_EVIDENCE: text, TIDEMARK_HISTORY_SIZE: text, [`TIDEMARK_${text}`]: text }),
  (text) => [plain(text), plainJson({ text }), escape(text), inert(text), named(text), sentence(`${text}x`), brief(text), keyOf(text), parts([text])],
  (text) => createError('ERR_TIDEMARK_OPTION', ['x', 'y', text]),
  (text) => [`Error: x\n${text}`, `Error: x\n    at ${text}`, `Error: x\n    at a (${text}:1:1`, `Error: x\n${`${text.slice(0, 990)}\n`.repeat(100)}`].map(parseStack),
  (text) => applicationFrame([{ file: `/${text}`, lineNumber: 1, columnNumber: 1, functionName: `${text}x` }]),
  (text) => mapLocation({ file: `/${text.replaceAll('\0', '')}`, line: 1, column: 1, function: null }),
  (text) => {
    const names = new RouteNames((name) => name)
    for (const req of [{ url: text }, { url: `/${text}?${text}` }, { baseUrl: text, route: { path: text } }, { baseUrl: '', originalUrl: text, route: { path: text } }]) {
      names.of({ method: 'GET', ...req }, {})
      names.of({ method: 'GET', ...req }, { statusCode: 500 })
    }
  },
  (text) => {
    const place = step(step(anchor('global', text), 'property', text, text), 'property', `Symbol(${text})`, 'A')
    describePlace(place)
    placeKey(place)
  },
  // As long as the longest source that is searched.
  (text) => {
    const body = text.slice(0, 99900)
    for (const source of [`this.x${body}`, `x${body}`, `this.${body}`]) {
      mentionOf(withSource(source), { file: 'a.js', line: 1, column: 1 }, 'x')
      noteFills(withSource(source), { file: 'a.js', line: 1, column: 1 }, new Map())
    }
  }
]

/** A function with any text in its source: as a comment. */
function withSource (text) {
  return new Function(`/* ${text.replaceAll('*/', '')} */`)
}

for (const piece of PIECES) {
  const text = piece.repeat(Math.ceil(100000 / piece.length)).slice(0, 100000)
  for (const [index, read] of readers.entries()) {
    const startedAt = Date.now()
    read(text)
    const took = Date.now() - startedAt
    if (process.argv[2] === 'times' && took > 50) console.error(JSON.stringify(piece), index, took)
  }
}
console.log(JSON.stringify({ pieces: PIECES.length, readers: readers.length }))
