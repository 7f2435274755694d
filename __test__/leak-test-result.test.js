'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { afterEach, beforeEach, test } = require('node:test')
const { suspectLine, suspectOf } = require('../lib/leak-test/result')

let folder
beforeEach(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-result-')) })
afterEach(() => fs.rmSync(folder, { recursive: true }))

/** What is said of a Map in a variable of a file, of which V8 knows no line. */
const said = (file) => suspectLine(suspectOf({
  holder: `Map \`sessions\` (context of ${path.basename(file)})`, description: '', class: 'Session', objectsPerCall: 1, bytesPerCall: 96, path: [], location: { file, line: null, column: null }
}, null), 'call')

test('a variable is where the source that a person wrote declares it', () => {
  const compiled = path.join(folder, 'shop.js')
  fs.writeFileSync(compiled, "'use strict'\nconst sessions = new Map()\n//# sourceMappingURL=shop.js.map\n")
  // Generated line 2, column 6 (from 0) is line 11, column 4 of the source.
  fs.writeFileSync(`${compiled}.map`, JSON.stringify({ version: 3, sources: ['shop.ts'], names: [], mappings: ';MAUI' }))
  assert.equal(said(compiled), `grows by 1 Session (96 bytes) a call: held by Map \`sessions\` (${path.join(folder, 'shop.ts')}:11)`)
})

test('a file that was compiled in memory is the source already', () => {
  const source = path.join(folder, 'shop.ts')
  const map = Buffer.from(JSON.stringify({ version: 3, sources: ['shop.ts'], names: [], mappings: ';MAUI' })).toString('base64')
  fs.writeFileSync(source, `interface Session { id: string }\nconst sessions: Map<string, Session> = new Map()\n//# sourceMappingURL=data:application/json;base64,${map}\n`)
  assert.match(said(source), /shop\.ts:2\)$/)
})
