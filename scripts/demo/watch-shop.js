'use strict'

const { drive, DESCRIPTION } = require('./load')
const { openShop } = require('./shop')

const REFRESH_MS = 250

/**
 * Runs one app under load until it gets a 'leak' event, or for `untilMs`, and shows what happens.
 * @param {string} file of the example
 * @param {import('./screen').Screen} screen
 * @param {{untilMs: number}} options
 */
async function watchShop (file, screen, { untilMs }) {
  const seen = { leak: null, last: null, fullGcs: 0, requests: 0, tookMs: 0 }
  let told
  const leak = new Promise((resolve) => { told = resolve })
  const shop = await openShop(file, (message) => {
    if (message.event === 'leak') {
      seen.leak = message
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
  } finally {
    seen.tookMs = elapsed()
    seen.requests = load.count()
    clearInterval(timer)
    load.stop()
    shop.stop()
    screen.clear()
  }
  return seen
}

function after (ms) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

module.exports = { watchShop }
