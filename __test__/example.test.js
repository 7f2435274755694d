'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { test } = require('node:test')
const { request, until } = require('./helpers/http')

const EXAMPLE = path.join(__dirname, '..', 'examples', 'express-leak')
const DEADLINE = { timeout: 60000 }

/** Starts a file of the example on a free port; the test's end ends it. @returns {Promise<number>} the port */
async function open (t, file, env) {
  const child = spawn(process.execPath, [path.join(EXAMPLE, file)], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface(child.stdout)) {
    const port = /listens at http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1]
    if (port) return Number(port)
  }
  throw new Error(`${file} ended without listening`)
}

async function kept (port) {
  return JSON.parse((await request(port, '/support/requests')).body).count
}

test('app.js keeps every request for a product, and answers as a shop does', DEADLINE, async (t) => {
  const port = await open(t, 'app.js')
  for (let i = 1; i <= 5; i++) assert.equal((await request(port, `/api/products/${i}`)).status, 200)
  assert.equal((await request(port, '/api/products/none')).status, 404)
  assert.equal((await request(port, '/api/products?page=2')).status, 200)
  assert.equal((await request(port, '/api/orders', { method: 'POST' })).status, 201)
  assert.equal(await kept(port), 6)
  const { routes } = JSON.parse((await request(port, '/tidemark')).body)
  assert.ok(routes.some(({ route, requests }) => route === 'GET /api/products/:id' && requests === 6))
})

for (const [how, file, env] of [['fixed.js', 'fixed.js', {}], ['app.js with LEAK=0', 'app.js', { LEAK: '0' }]]) {
  test(`${how} keeps none that is answered`, DEADLINE, async (t) => {
    const port = await open(t, file, env)
    for (let i = 1; i <= 5; i++) await request(port, `/api/products/${i}`)
    await until(async () => await kept(port) === 0)
  })
}
