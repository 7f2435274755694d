'use strict'

// Runs with --expose-gc. Compiles many scripts with a name and lets go of them. Prints how many names the
// census knows while they live, whether it forgets them, and whether it still knows its own file.

const { performance } = require('node:perf_hooks')
const vm = require('node:vm')
const { gcUntil } = require('../helpers/gc-until')

// The names are asked for every 10 s at most: every look at the clock is a minute.
let clock = 0
Object.defineProperty(performance, 'now', { value: () => { clock += 60000; return clock } })
/** The table of names, seen when something is put into it. */
let names
const { set } = Map.prototype
Reflect.defineProperty(Map.prototype, 'set', {
  value (key, value) {
    if (typeof value === 'string' && value.startsWith('/srv/template-')) names = this
    return Reflect.apply(set, this, [key, value])
  }
})

const { Scopes } = require('../../lib/evidence/census/scopes')

const SCRIPTS = 2000

function compile (name, count) {
  return Array.from({ length: count }, (_, i) => new vm.Script(`(${i}, function () {})`, { filename: `/srv/template-${name}-${i}.js` }).runInThisContext())
}

async function main () {
  const { scopes } = Scopes.open()
  const kept = compile('kept', 1)
  let rendered = compile('rendered', SCRIPTS)
  scopes.learnScripts()
  const whileLiving = rendered.length > 0 ? names.size : 0
  rendered = null
  const isForgotten = () => {
    scopes.learnScripts()
    return names.size < SCRIPTS / 2
  }
  const forgotten = await gcUntil(globalThis.gc, isForgotten, 30).then(() => true, () => false)
  let file
  scopes.readFunctions([kept[0]], () => false, ({ location }) => { file = location.file })
  scopes.close()
  process.stdout.write(JSON.stringify({ whileLiving, forgotten, file }))
}

main()
