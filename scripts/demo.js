'use strict'

// Shows tidemark at work: an Express app that leaks is told so within a minute, and the same app
// without the leak, under the same load, causes no false alarm. Ends with 0 only if both came true.

const { setup } = require('./setup')
const { exitWith } = require('./steps')
const { Screen } = require('./demo/screen')

/** The event has to come within this time of the first request. */
const LEAK_WITHIN_MS = 60000
/** The fixed app is watched twice as long as the leak took, and at least so long. */
const SILENT_MS = 40000

async function demo () {
  await setup()
  const { watchShop } = require('./demo/watch-shop') // needs what setup installs
  const screen = new Screen(process.stdout)

  screen.title('1  An Express app with a leak', 'examples/express-leak/app.js')
  screen.say('app.get(\'/api/products/:id\', (req, res) => {\n  requests.set(req.id, req)   // nothing ever deletes it')
  const leaky = await watchShop('app.js', screen, { untilMs: LEAK_WITHIN_MS })
  const told = screen.verdict(leaky.leak !== null, leaky.leak !== null
    ? `'leak' after ${seconds(leaky.tookMs)}, ${leaky.requests} requests, ${leaky.fullGcs} full GCs`
    : `no 'leak' within ${seconds(LEAK_WITHIN_MS)}: ${leaky.last?.state ?? 'no full GC'}, ${leaky.last?.heldBackBy ?? 'not held back'}`)
  if (leaky.leak !== null) screen.quote(leaky.leak.message)

  screen.title('2  The same app without it, under the same load', 'examples/express-leak/fixed.js')
  screen.say('  res.once(\'close\', () => requests.delete(req.id))   // the fix')
  const untilMs = Math.max(SILENT_MS, leaky.tookMs * 2)
  const fixed = await watchShop('fixed.js', screen, { untilMs, collectEveryMs: leaky.tookMs / Math.max(1, leaky.fullGcs) })
  // Silence of an app that was hardly asked, or did hardly collect, would prove nothing.
  const tried = fixed.fullGcs >= leaky.fullGcs && fixed.requests / fixed.tookMs >= 0.5 * leaky.requests / leaky.tookMs
  const silent = screen.verdict(fixed.leak === null && tried, fixed.leak === null
    ? `silent for ${seconds(fixed.tookMs)}, ${fixed.requests} requests, ${fixed.fullGcs} full GCs${tried ? '' : ': too few to prove anything'}`
    : `a false alarm after ${seconds(fixed.tookMs)}`)
  if (fixed.leak !== null) screen.quote(fixed.leak.message)

  screen.title('Summary')
  screen.check(told, 'the leak is told')
  screen.check(silent, 'no false alarm on the fixed app')
  process.exitCode = told && silent ? 0 : 1
}

function seconds (ms) {
  return `${(ms / 1000).toFixed(0)} s`
}

demo().catch(exitWith)
