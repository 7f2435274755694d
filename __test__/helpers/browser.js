'use strict'

const { existsSync } = require('node:fs')

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].filter(Boolean)

/** @returns {string | false} why there is no browser, for `skip` */
function whyNoBrowser () {
  if (!PLACES.some((place) => existsSync(place))) return 'no Chromium is installed (Debian: apt-get install chromium; or CHROMIUM=PATH)'
  if (Number(process.versions.node.split('.')[0]) < 20) return 'playwright-core needs Node.js 20 or later'
  return false
}

/** A real Chromium, until the test ends. */
async function openBrowser (t) {
  const { chromium } = require('playwright-core')
  const browser = await chromium.launch({ executablePath: PLACES.find((place) => existsSync(place)), args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  t.after(() => browser.close())
  return browser
}

module.exports = { openBrowser, whyNoBrowser }
