'use strict'

// The leaking Express app under load, with tidemark's live page; until Ctrl-C, or until its heap is full.

const { setup } = require('./setup')
const { exitWith } = require('./steps')

/** Requests a second: slow enough for a quarter of an hour, fast enough for a verdict within two minutes. */
const RATE = 100

async function demo () {
  await setup()
  const { drive } = require('./demo/load') // needs what setup installs
  const { openShop } = require('./demo/shop')
  const shop = await openShop('app.js', {}, () => {}, () => {})
  drive(shop.url, RATE)
  console.log(`The shop leaks. See it at ${shop.url}/live (Ctrl-C ends it)`)
  await shop.ended
}

demo().catch(exitWith)
