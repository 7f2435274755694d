'use strict'

// The live page in a real Chromium.

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { test } = require('node:test')
const { openApp } = require('./helpers/app')
const { openBrowser, whyNoBrowser } = require('./helpers/browser')
const { listen, request } = require('./helpers/http')
const { createHandler } = require('../lib/dashboard/handler')
const { Recordings } = require('../lib/dashboard/recordings')

const BROWSER = { timeout: 120000, skip: whyNoBrowser() }

/** How a page is looked at. */
const LOOKS = [
  { colorScheme: 'light', width: 1200, height: 900 },
  { colorScheme: 'dark', width: 1200, height: 900 },
  { colorScheme: 'light', width: 390, height: 844 }
]

test('a leak is seen on the page: chart, verdict, suspect; whatever the colours, the width and the means', BROWSER, async (t) => {
  const { port } = await openApp(t, 'dashboard-app.js', { SOURCE: 'perf_hooks', ACTIONS: '1', MAX_STREAMS: '1' })
  const browser = await openBrowser(t)
  const { page, complaints } = await openPage(browser, `http://127.0.0.1:${port}/tidemark`)
  await page.waitForFunction(() => document.getElementById('memory-chart').getAttribute('aria-label').includes('Heap after full GC: from'), null, { timeout: 60000 })
  assert.notEqual(await page.textContent('#badge'), 'Leaking')
  const before = await picture(page)
  await request(port, '/leak')
  await page.waitForFunction(() => document.getElementById('badge').textContent === 'Leaking' && document.querySelector('#suspects li') !== null, null, { timeout: 90000 })
  assert.match(await page.textContent('#sentence'), /^The JavaScript heap leaks by .+ is reached in/)
  assert.match(await page.textContent('#suspects'), /dashboard-app\.js:\d+/)
  assert.match(await page.title(), /^Leaking: /)
  assert.match(await page.getAttribute('#memory-chart', 'aria-label'), /The trend rises by/)
  assert.notEqual(await picture(page), before, 'the chart was drawn anew')

  for (const { colorScheme, width, height } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height })
    assert.deepEqual(await complaintsOfAxe(page), [], `${colorScheme}, ${width} pixels`)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `nothing stands out of ${width} pixels`)
  }
  assert.equal(await page.evaluate(() => window.getComputedStyle(document.getElementById('badge')).transitionDuration), '0s')

  await page.focus('#memory-chart')
  await page.keyboard.press('ArrowLeft')
  await page.waitForFunction(() => /RSS \d/.test(document.getElementById('memory-readout').textContent))
  await page.focus('#memory-legend button')
  await page.keyboard.press('Space')
  assert.equal(await page.getAttribute('#memory-legend button', 'aria-pressed'), 'false')
  await page.click('[data-action=gc]')
  await page.waitForFunction(() => document.getElementById('answer').textContent.startsWith('A full GC took'))

  const { page: other, complaints: refused } = await openPage(browser, `http://127.0.0.1:${port}/tidemark`)
  await other.waitForFunction(() => document.getElementById('link').textContent.startsWith('No more than 1 may look at once'))
  assert.ok(refused.every((text) => text.includes('503')), refused.join('\n'))
  assert.deepEqual(complaints, [])
})

test('names from a recorder file are text on the page, and nobody else is asked for anything', BROWSER, async (t) => {
  const hostile = '"><img src=x onerror=document.title=1><script>document.title=2</script>&amp;\u202e'
  const recording = hostileRecording(hostile)
  const recordings = new Recordings({ listFlights: () => JSON.stringify([recording]), readFlight: () => JSON.stringify(recording) }, '/', () => false)
  t.after(() => recordings.close())
  const { handle } = createHandler({ source: recordings, actions: {}, hosts: [], isHostChecked: true, maxStreams: 5, path: '/' })
  const port = await listen(t, (req, res) => handle(req, res))
  const { page, complaints, asked } = await openPage(await openBrowser(t), `http://127.0.0.1:${port}/`)
  await page.waitForFunction(() => document.querySelector('#suspects li') !== null)
  for (const id of ['title', 'suspects', 'told', 'processes', 'facts']) assert.ok((await page.textContent(`#${id}`)).includes('<img src=x onerror='), id)
  assert.equal(await page.evaluate(() => document.querySelectorAll('img, #title *, #told script').length), 0)
  assert.deepEqual(await complaintsOfAxe(page), [])
  assert.deepEqual([...new Set(asked.map((url) => new URL(url).host))], [`127.0.0.1:${port}`])
  assert.deepEqual(complaints, [])
})

test('a long history is asked for once, and not again with each update', BROWSER, async (t) => {
  const face = { now: Date.now(), state: 'ok', badge: 'ok', sentence: '', detail: '', subtitle: '', facts: [], channels: [], limits: [], trend: null, suspects: [], told: [], problems: [] }
  const point = (at) => [face.now + at, 1e6, 0, 0, 1e6, null, null, null]
  let views = 0
  const view = () => ({ ...face, title: `view ${++views}`, points: Array.from({ length: 5000 }, (_, at) => point(at - 5000)) })
  const { handle, streams } = createHandler({ source: { view }, actions: {}, hosts: [], isHostChecked: true, maxStreams: 5, path: '/' })
  const port = await listen(t, (req, res) => handle(req, res))
  const { page } = await openPage(await openBrowser(t), `http://127.0.0.1:${port}/`)
  const titleAfter = async (before) => {
    await page.waitForFunction((title) => document.getElementById('title').textContent !== title, before)
    return page.textContent('#title')
  }
  await page.waitForFunction(() => document.getElementById('title').textContent === 'view 1')
  streams.send('', 'update', () => ({ ...face, title: 'update', points: [point(1)] }))
  assert.equal(await titleAfter('view 1'), 'update')
  streams.send('', 'update', () => ({ ...face, title: 'many', points: Array.from({ length: 3000 }, (_, at) => point(at + 2)) }))
  assert.equal(await titleAfter('update'), 'view 2', 'in time it has too many')
})

async function openPage (browser, url) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } })
  const page = await context.newPage()
  const complaints = []
  const asked = []
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(error.stack))
  page.on('request', (each) => asked.push(each.url()))
  await page.goto(url)
  return { page, complaints, asked }
}

/** What is drawn of memory. */
function picture (page) {
  return page.evaluate(() => document.querySelector('#memory-chart canvas').toDataURL())
}

async function complaintsOfAxe (page) {
  // By the debugger, which the policy of the page does not bind.
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const { violations } = await page.evaluate(() => window.axe.run())
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`)
}

/** One dead process, every text of which is `text`. */
function hostileRecording (text) {
  const now = Date.now()
  const isolate = (threadId) => ({
    threadId,
    state: 'leaking',
    health: 'leaking',
    closed: false,
    gc: { major: { count: 2, durationMs: 1 } },
    newest: { usedHeapSize: 2e6, heapSizeLimit: 4e9 },
    channels: { heap: { state: 'leaking', level: 2e6, growth: 1e6, growthRate: 1e5, fullGcs: 2, timeToLimitMs: 1e6, limit: 'heap' } },
    readings: [0, 1000, 2000].map((ms) => ({ timeMs: now - 60000 + ms, kind: 'major', usedHeapSize: 1e6 + ms * 100, externalMemory: 1e5, native: 1e6, rss: 5e7, requests: ms }))
  })
  return {
    file: `/${text}`,
    alive: false,
    end: null,
    identity: { pid: 1, name: text, version: text, node: text, platform: text, host: text },
    process: { timeMs: now - 58000, uptimeMs: 2000, rss: 5e7 },
    isolates: [isolate(0), isolate(1)],
    leaks: [{ time: new Date(now).toISOString(), threadId: 0, channel: 'heap', message: text, suspects: [{ kind: text, description: text, location: { file: text, line: 1, column: 1, function: text }, share: 0.5, growth: 1 }] }]
  }
}
