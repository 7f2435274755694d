'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { readFileSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const os = require('node:os')
const path = require('node:path')
const { after, afterEach, before, describe, test } = require('node:test')
const tidemark = require('..')
const { evidencePayload, leakPayload, recoveredPayload } = require('../lib/leak')
const { MOST_WAITING, Outbox } = require('../lib/notify/outbox')
const { Publisher } = require('../lib/publish')
const { result } = require('./helpers/child')
const { leakRecord } = require('./helpers/fake-binding')

const SIGNATURE = 'tidemark:heap:container:app.js:sessions'
const SUSPECT = { kind: 'container', description: 'Map `sessions` <b>&', evidence: [], location: { file: '/srv/app.js', line: 12, column: 1, function: null } }
const toDate = (ms) => new Date(ms)
const leak = (signature = SIGNATURE) => leakPayload(leakRecord(), toDate, { detector: 'trend' }, [SUSPECT], signature)
const publisher = new Publisher(tidemark)

let folder
const stops = []
before(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-notify-')) })
after(() => {
  tidemark.stop()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => { for (const stop of stops.splice(0)) stop() })

/** What each request to a webhook says, and what it is answered. */
async function webhook (answer = (res) => res.end(), create = http.createServer) {
  const received = []
  const server = create((req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      received.push({ url: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() })
      answer(res, received.length)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => { server.closeAllConnections?.(); server.close() })
  return { received, url: `http${create === http.createServer ? '' : 's'}://127.0.0.1:${server.address().port}/services/T0/secret` }
}

function start (options) {
  const notifier = tidemark.notify(options)
  const errors = []
  const onError = (error) => errors.push(error)
  tidemark.on('error', onError)
  stops.push(() => { notifier.stop(); tidemark.off('error', onError) })
  return errors
}

/** The lines that are whole, of a file that somebody else writes. */
function linesOf (file) {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return []
  }
}

async function until (condition) {
  for (const endsAt = Date.now() + 60000; !condition();) {
    assert.ok(Date.now() < endsAt, 'it did not come')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

test('little time left is a message of its own', async () => {
  const { received, url } = await webhook()
  start({ webhook: url, format: 'json' })
  publisher.tell('critical', { time: new Date(), channel: 'heap', signature: null, timeToLimitMs: 90000, limit: 'heap', pid: process.pid, threadId: 0, message: 'This process is about to run out of memory.' })
  await until(() => received.length === 1)
  const { event, timeToLimit, signature, suspects } = JSON.parse(received[0].body)
  assert.deepEqual({ event, timeToLimit, signature, suspects }, { event: 'critical', timeToLimit: 90, signature: null, suspects: [] })
})

test('one message a leak, another one when it ends, as Slack takes it', async () => {
  const { received, url } = await webhook()
  const errors = start({ webhook: url, headers: { Authorization: 'Bearer of-the-webhook' } })
  publisher.tell('reported', leak())
  publisher.tell('reported', leak()) // it got worse
  publisher.tell('evidence', evidencePayload('heap', SIGNATURE, [SUSPECT]))
  publisher.tell('recovered', recoveredPayload(leakRecord(), toDate, SIGNATURE))
  publisher.tell('recovered', recoveredPayload(leakRecord(), toDate, 'one that nobody was told of'))
  await until(() => received.length === 2)
  await pause(100)
  assert.equal(received.length, 2)
  const [first, second] = received.map(({ body }) => JSON.parse(body))
  assert.deepEqual(Object.keys(first), ['text'])
  assert.match(first.text, new RegExp(`process ${process.pid} on .*: The JavaScript heap leaks: .*Map \`sessions\` &lt;b&gt;&amp;`))
  assert.match(second.text, /no longer leaks/)
  assert.equal(received[0].headers.authorization, 'Bearer of-the-webhook')
  assert.equal(received[0].headers['content-type'], 'application/json')
  assert.deepEqual(errors, [])
})

test('the whole message as JSON, or the text alone', async () => {
  for (const [format, check] of [
    ['json', (body) => {
      const { event, signature, channel, suspects, timeToLimit, pid } = JSON.parse(body)
      assert.deepEqual({ event, signature, channel, timeToLimit, pid }, { event: 'leak', signature: SIGNATURE, channel: 'heap', timeToLimit: 3600, pid: process.pid })
      assert.deepEqual(suspects.map(({ file, line }) => [file, line]), [['/srv/app.js', 12]])
    }],
    ['plain', (body) => assert.match(body, /^\S.*: The JavaScript heap leaks: .*\n$/)]
  ]) {
    const { received, url } = await webhook()
    start({ webhook: url, format })
    publisher.tell('reported', leak())
    await until(() => received.length === 1)
    check(received[0].body)
    for (const stop of stops.splice(0)) stop()
  }
})

test('no secret leaves the process', async () => {
  const { received, url } = await webhook()
  start({ webhook: url, format: 'json' })
  const secrets = ['sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'ann@example.org', '4111111111111111', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.dBjftJeZ4CVP']
  const payload = leak()
  for (const secret of secrets) {
    payload.message += ` ${secret}`
    payload.suspects = [...payload.suspects, { ...SUSPECT, description: `Map \`${secret}\`` }].slice(-3)
  }
  publisher.tell('reported', { ...payload, signature: `tidemark:heap:${secrets[0]}` })
  await until(() => received.length === 1)
  for (const secret of secrets) assert.ok(!received[0].body.includes(secret), secret)
})

describe('a webhook that', () => {
  test('fails for a moment gets the message all the same, once', async () => {
    const { received, url } = await webhook((res, count) => { res.statusCode = count === 1 ? 500 : 200; res.end() })
    const errors = start({ webhook: url })
    publisher.tell('reported', leak())
    await until(() => received.length === 2)
    await pause(100)
    assert.equal(received[0].body, received[1].body)
    assert.deepEqual(errors, [])
  })

  test('refuses is asked once, and the error has no path of it, which is its password', async () => {
    const { received, url } = await webhook((res) => { res.statusCode = 403; res.end() })
    const errors = start({ webhook: url })
    publisher.tell('reported', leak())
    await until(() => errors.length === 1)
    assert.equal(received.length, 1)
    assert.equal(errors[0].code, 'ERR_TIDEMARK_NOTIFY')
    assert.match(errors[0].message, /^A message about a leak did not reach the webhook at 127\.0\.0\.1:\d+: it answered 403\.$/)
  })

  test('redirects is not followed', async () => {
    const elsewhere = await webhook()
    const { url } = await webhook((res) => { res.writeHead(307, { Location: elsewhere.url }); res.end() })
    const errors = start({ webhook: url })
    publisher.tell('reported', leak())
    await until(() => errors.length === 1)
    assert.match(errors[0].message, /it answered 307, a redirect, which is not followed/)
    assert.equal(elsewhere.received.length, 0)
  })

  test('never answers, or answers without end, holds up nothing', async () => {
    const hanging = await webhook(() => {})
    const file = path.join(folder, 'beside.jsonl')
    start({ webhook: hanging.url, file, timeoutMs: 300 })
    publisher.tell('reported', leak())
    // While the webhook hangs; which of the two comes first is nobody's promise.
    await until(() => hanging.received.length === 1 && linesOf(file).length === 1)
    assert.equal(JSON.parse(linesOf(file)[0]).event, 'leak')
    // The second try.
    await until(() => hanging.received.length === 2)
    const endless = await webhook((res) => { res.writeHead(200); const timer = setInterval(() => res.write('x'.repeat(1000)), 1); res.on('close', () => clearInterval(timer)) })
    const errors = start({ webhook: endless.url })
    publisher.tell('reported', leak('another'))
    publisher.tell('reported', leak('a third one'))
    await until(() => endless.received.length === 2)
    assert.deepEqual(errors, [])
  })

  test('closes the connection half-way is tried again', async () => {
    const { received, url } = await webhook((res, count) => { if (count === 1) res.socket.destroy(); else res.end() })
    const errors = start({ webhook: url })
    publisher.tell('reported', leak())
    await until(() => received.length === 2)
    assert.deepEqual(errors, [])
  })

  test('has a certificate that nobody vouches for gets nothing, whatever the environment says', async () => {
    const { cert, key } = certificate()
    if (cert === undefined) return
    const { received, url } = await webhook((res) => res.end(), (listener) => https.createServer({ cert, key }, listener))
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const errors = start({ webhook: url })
      publisher.tell('reported', leak())
      await until(() => errors.length === 1)
      assert.match(errors[0].message, /certificate/)
      assert.equal(received.length, 0)
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })
})

/** Self-signed, where openssl is there. */
function certificate () {
  try {
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name))
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=127.0.0.1'], { stdio: 'ignore' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } catch {
    return {}
  }
}

test('a command gets the message on its standard input, without a shell; one that fails is told', async () => {
  const out = path.join(folder, 'out.txt')
  const program = [process.execPath, '-e', 'process.stdin.pipe(require("fs").createWriteStream(process.argv[1]))', out]
  start({ command: program })
  publisher.tell('reported', leak())
  await until(() => linesOf(out).length === 1)
  assert.equal(JSON.parse(linesOf(out)[0]).signature, SIGNATURE)
  for (const stop of stops.splice(0)) stop()
  for (const [command, expected] of [
    [[process.execPath, '-e', 'process.exit(3)'], /it ended with code 3\.$/],
    [[process.execPath, '-e', 'setInterval(() => {}, 1000)'], /it was ended after 300 ms\.$/],
    [['/no/such/program; true'], /did not reach the command '.*': .*ENOENT/]
  ]) {
    const errors = start({ command, timeoutMs: command[2]?.includes('setInterval') ? 300 : 20000 })
    publisher.tell('reported', leak())
    await until(() => errors.length === 1)
    assert.match(errors[0].message, expected)
    for (const stop of stops.splice(0)) stop()
  }
})

test('a file is private, is appended to, and no link is followed', async () => {
  const file = path.join(folder, 'leaks.jsonl')
  start({ file })
  publisher.tell('reported', leak('one'))
  publisher.tell('reported', leak('two'))
  await until(() => linesOf(file).length === 2)
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  for (const stop of stops.splice(0)) stop()
  const target = path.join(folder, 'of somebody else')
  writeFileSync(target, '')
  symlinkSync(target, path.join(folder, 'link.jsonl'))
  const errors = start({ file: path.join(folder, 'link.jsonl') })
  publisher.tell('reported', leak())
  await until(() => errors.length === 1)
  assert.equal(readFileSync(target, 'utf8'), '')
})

test('a pipe that nobody reads is told, and holds up nothing', { skip: process.platform === 'win32' }, async () => {
  const fifo = path.join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const errors = start({ file: fifo })
  publisher.tell('reported', leak())
  await until(() => errors.length === 1)
  assert.match(errors[0].message, /did not reach the file '.*fifo'/)
})

test('what waits has a bound, and what is lost is told with the number of tries', async () => {
  const lost = []
  let release
  const outbox = new Outbox('x', () => new Promise((resolve, reject) => { release = () => reject(Object.assign(new Error('down'), { mayPass: true })) }), (reason) => lost.push(reason), [1, 1])
  for (let i = 0; i < MOST_WAITING + 3; i++) outbox.put({ i })
  assert.deepEqual(lost, Array.from({ length: 2 }, () => `more than ${MOST_WAITING} messages wait, and the newest is dropped`))
  lost.length = 0
  for (let i = 0; i < 3; i++) {
    release()
    await pause(20)
  }
  assert.deepEqual(lost, ['down, at the last of 3 tries'])
  outbox.close()
})

test('options that make no sense are said at once', () => {
  for (const options of [undefined, {}, { webhook: 'ftp://x/' }, { webhook: 'not a url' }, { webhook: 7 }, { command: 'rm -rf' }, { command: [] }, { file: '' }, { webhook: 'https://x/', format: 'xml' }, { webhook: 'https://x/', headers: { a: 1 } }]) {
    assert.throws(() => tidemark.notify(options), { code: 'ERR_TIDEMARK_OPTION' }, JSON.stringify(options))
  }
  assert.equal(tidemark.status().running, false)
  assert.throws(() => tidemark.notify({ webhook: 'chat.example.com/hooks/abcdefgh' }), (error) => !error.message.includes('abcdefgh'))
})

test('an app that leaks tells a webhook, and ends when it has nothing else to do', async () => {
  const { received, url } = await webhook()
  const { signature } = await result('notifies.js', { args: [url], deadlineMs: 120000 })
  const [message, ...more] = received.map(({ body }) => JSON.parse(body)).filter(({ event }) => event === 'leak')
  assert.deepEqual([message.signature, more.length], [signature, 0])
  assert.match(message.text, /The JavaScript heap leaks: /)
})
