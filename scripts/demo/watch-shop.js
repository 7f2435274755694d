'use strict'

const { drive, DESCRIPTION } = require('./load')
const { openShop } = require('./shop')

const REFRESH_MS = 250
/** The 'stats' of the full GC that made the verdict comes just after the 'leak'. */
const LAST_LEVEL_MS = 200

/**
 * Runs one app under load until it gets a 'leak' event, or for `untilMs`, and shows what happens.
 * @param {string} file of the example
 * @param {InstanceType<typeof import('./screen').Screen>} screen
 * @param {{untilMs: number, collectEveryMs?: number}} options collectEveryMs: see probe.js
 */
async function watchShop (file, screen, { untilMs, collectEveryMs }) {
  /** @type {{leak: import('./shop').Told | null, last: import('./shop').Told | null, fullGcs: number, requests: number, tookMs: number}} */
  const seen = { leak: null, last: null, fullGcs: 0, requests: 0, tookMs: 0 }
  let told
  let over = false
  const leak = new Promise((resolve) => { told = resolve })
  const shop = await openShop(file, collectEveryMs ? { DEMO_COLLECT_EVERY_MS: String(Math.ceil(collectEveryMs)) } : {}, (message) => {
    if (over) return
    if (message.event === 'leak') {
      Object.assign(seen, { leak: message, tookMs: elapsed(), requests: load.count() })
      told()
    } else {
      seen.last = message
      seen.fullGcs++
      screen.level(message, elapsed(), load?.count() ?? 0)
    }
  }, (line) => screen.app(line))

  screen.say(`${DESCRIPTION}, on ${shop.url}`)
  screen.heading()
  const startedAt = performance.now()
  const elapsed = () => performance.now() - startedAt
  const load = drive(shop.url)
  const timer = setInterval(() => screen.progress(elapsed(), untilMs, load.count()), REFRESH_MS)
  try {
    await Promise.race([leak, after(untilMs), shop.ended])
    if (seen.leak === null) Object.assign(seen, { tookMs: elapsed(), requests: load.count() })
    else await after(LAST_LEVEL_MS)
  } finally {
    over = true
    clearInterval(timer)
    load.stop()
    shop.stop()
    screen.clear()
  }
  return seen
}

function after (ms) {
  // Not what keeps the demo running: the timer of the progress does, as long as it is needed.
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

module.exports = { watchShop }
