'use strict'

// ops/ against the real programs, where they are installed (Debian: prometheus, prometheus-alertmanager).

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const { createServer } = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { test } = require('node:test')

const OPS = path.join(__dirname, '..', 'ops')
const RULES = path.join(OPS, 'prometheus', 'tidemark.rules.yml')
const APP = path.join(__dirname, 'programs', 'metrics-app.js')

/** Beyond what a busy machine takes for any of the steps. */
const DEADLINE_MS = 240000

function missing (...programs) {
  const lacks = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined)
  return lacks.length > 0 && `not installed: ${lacks.join(', ')}`
}

test('the rules are valid and fire when they should', { skip: missing('promtool') }, () => {
  for (const args of [['check', 'rules', RULES], ['test', 'rules', 'tidemark.test.yml']]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: path.join(OPS, 'prometheus'), encoding: 'utf8', timeout: 60000 })
    assert.equal(status, 0, stdout + stderr)
  }
})

test('the Alertmanager example is valid, and its template says what leaks', { skip: missing('amtool') }, () => {
  const cwd = path.join(OPS, 'alertmanager')
  const checked = spawnSync('amtool', ['check-config', 'alertmanager.yml'], { cwd, encoding: 'utf8' })
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  const data = JSON.stringify({ status: 'firing', alerts: [{ status: 'firing', annotations: { summary: 'shop leaks memory (heap)', description: 'What leaks: x.' } }] })
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-ops-'))
  try {
    writeFileSync(path.join(folder, 'data.json'), data)
    const render = (name) => spawnSync('amtool', ['template', 'render', '--template.glob=tidemark.tmpl', `--template.text={{ template "${name}" . }}`, `--template.data=${path.join(folder, 'data.json')}`], { cwd, encoding: 'utf8' })
    const { status, stdout } = render('tidemark.title')
    // Older versions cannot render.
    if (status === 0) assert.deepEqual([stdout.trim(), render('tidemark.text').stdout.trim()], ['shop leaks memory (heap)', 'What leaks: x.'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a leaking and a healthy app: one alert reaches the webhook with the suspect in it, and is resolved; every query of the dashboard has data', { timeout: DEADLINE_MS, skip: missing('prometheus', 'prometheus-alertmanager') }, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-ops-'))
  const stops = []
  t.after(() => {
    for (const stop of stops) stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const messages = []
  const webhook = await serve(stops, (body) => messages.push(JSON.parse(body)))
  const [leaky, healthy] = await Promise.all([startApp(stops, { LEAK: '1' }), startApp(stops, {})])

  const alertsAt = await freePort()
  writeFileSync(path.join(folder, 'alertmanager.yml'), readFileSync(path.join(OPS, 'alertmanager', 'alertmanager.yml'), 'utf8')
    .replace('http://127.0.0.1:9094/', `http://127.0.0.1:${webhook}/`)
    .replace('group_wait: 30s', 'group_wait: 1s')
    .replace('group_interval: 5m', 'group_interval: 1s')
    .replace('- tidemark.tmpl', `- ${path.join(OPS, 'alertmanager', 'tidemark.tmpl')}`))
  start(stops, 'prometheus-alertmanager', [`--config.file=${folder}/alertmanager.yml`, `--storage.path=${folder}/alerts`, `--web.listen-address=127.0.0.1:${alertsAt}`, '--cluster.listen-address='])

  const prometheusAt = await freePort()
  writeFileSync(path.join(folder, 'prometheus.yml'), JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [RULES],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertsAt}`] }] }] },
    scrape_configs: [
      { job_name: 'leaky', static_configs: [{ targets: [`127.0.0.1:${leaky}`] }] },
      { job_name: 'healthy', static_configs: [{ targets: [`127.0.0.1:${healthy}`] }] }
    ]
  }))
  start(stops, 'prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${prometheusAt}`])

  const leaks = () => messages.flatMap(({ alerts }) => alerts).filter(({ labels }) => labels.alertname === 'TidemarkLeak')
  await until(() => leaks().length > 0)
  const [{ status, labels, annotations }] = leaks()
  assert.deepEqual({ status, job: labels.job, channel: labels.channel }, { status: 'firing', job: 'leaky', channel: 'heap' })
  assert.match(labels.signature, /metrics-app\.js:sessions$/)
  assert.match(annotations.description, /What leaks: .*sessions.*\. The nearest limit is reached in \d/)

  await everyQueryHasData(prometheusAt)

  await fetch(`http://127.0.0.1:${leaky}/fix`)
  await until(() => leaks().some(({ status }) => status === 'resolved'))
  assert.equal(new Set(leaks().map(({ labels }) => `${labels.job} ${labels.signature}`)).size, 1, 'one leak, one alert')
})

/** Grafana's own variables as it would fill them in. */
async function everyQueryHasData (port) {
  const { panels, annotations } = JSON.parse(readFileSync(path.join(OPS, 'grafana', 'tidemark.json'), 'utf8'))
  const queries = [...panels.flatMap(({ targets }) => targets), ...annotations.list].map(({ expr }) => expr)
  assert.ok(queries.length > 10)
  for (const expr of queries) {
    const query = expr.replaceAll('$__rate_interval', '10s').replaceAll('$job', '.*').replaceAll('$instance', '.*')
    let answer
    await until(async () => {
      answer = await (await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)).json()
      // What may well be empty: nothing is wrong in these apps.
      return answer.status === 'success' && (answer.data.result.length > 0 || expr.startsWith('tidemark_problems'))
    }, () => `${query}: ${JSON.stringify(answer)}`)
  }
}

function startApp (stops, env) {
  const child = start(stops, process.execPath, [APP], { ...process.env, ...env })
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => { if (line.startsWith('port ')) resolve(Number(line.slice(5))) })
    child.once('exit', (code) => reject(new Error(`the app ended with ${code}`)))
  })
}

function start (stops, program, args, env = process.env) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  child.stdout.resume()
  stops.push(() => child.kill('SIGKILL'))
  return child
}

async function serve (stops, onBody) {
  const server = createServer((req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      onBody(Buffer.concat(chunks).toString())
      res.end()
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => { server.closeAllConnections(); server.close() })
  return server.address().port
}

async function freePort () {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function until (condition, describe = () => 'it did not come') {
  const endsAt = Date.now() + DEADLINE_MS / 2
  while (!(await Promise.resolve(condition()).catch(() => false))) {
    assert.ok(Date.now() < endsAt, describe())
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
