'use strict'

// Checks the types of lib/, bin/ and scripts/ from their JSDoc, by tsconfig.json.

const path = require('node:path')
const { ROOT, commandOf, run } = require('./steps')

/** Where errors are left. A file that is not here must have none, and one without any must not be here. */
const UNTYPED = require('./untyped.json')

/** @returns {Promise<{passed: number, failed: number, note: string}>} @throws what is wrong, as `tsc` says it */
async function checkTypes () {
  const { output } = await run(process.execPath, [commandOf('typescript', 'tsc'), '-p', ROOT, '--pretty', 'false'])
  const errors = [...output.matchAll(/^(\S[^(\n]*)\(\d+,\d+\): error .*(?:\n .*)*/gm)]
    .map(([text, file]) => ({ text, file: file.replaceAll(path.sep, '/') }))
  if (errors.length === 0 && UNTYPED.length > 0) throw new Error(output)
  const wrong = new Set(errors.map(({ file }) => file))
  const added = errors.filter(({ file }) => !UNTYPED.includes(file)).map(({ text }) => text)
  const mended = UNTYPED.filter((file) => !wrong.has(file)).map((file) => `${file} has no errors any more: take it out of scripts/untyped.json.`)
  if (added.length + mended.length > 0) throw new Error([...added, ...mended].join('\n'))
  return { passed: 1, failed: 0, note: `${UNTYPED.length} files are left` }
}

module.exports = { checkTypes }
