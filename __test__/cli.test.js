'use strict'

const assert = require('node:assert/strict')
const { execFileSync, spawn } = require('node:child_process')
const { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { gzipSync } = require('node:zlib')
const { result } = require('./helpers/child')
const { checkPage } = require('./helpers/page')
const { help } = require('../lib/cli/help')
const { Terminal } = require('../lib/cli/terminal')
const { plain, plainJson } = require('../lib/plain')
const { escape, inert } = require('../lib/html')
const { version } = require('../package.json')

const COMMAND = path.join(__dirname, '..', 'bin', 'tidemark.js')
const DEADLINE_MS = 60000

let folder
let first
let second

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-cli-'))
  first = path.join(folder, 'first.heapsnapshot')
  second = path.join(folder, 'second.heapsnapshot')
  await result('heap-diff-leaks-into-map.js', { args: [first, second] })
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** @returns {Promise<{code: number, signal: string, stdout: string, stderr: string}>} */
function tidemark (...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { env: { ...process.env, NODE_OPTIONS: '' }, timeout: DEADLINE_MS })
    const told = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => { told.stdout += chunk })
    child.stderr.on('data', (chunk) => { told.stderr += chunk })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...told }))
  })
}

describe('suspects', () => {
  test('of two snapshots tell what grew and end with 2', async () => {
    const { code, stdout, stderr } = await tidemark('suspects', first, second)
    assert.match(stdout, /1\. Map `sessions` .* holds 10,000 Session, .*\+8,000 since the first/)
    assert.match(stdout, /high confidence/)
    assert.match(stdout, /variable sessions → Map @\d+/)
    assert.equal(code, 2)
    // Neither is a terminal: no progress, no colours.
    assert.equal(stderr, '')
    assert.ok(!stdout.includes('\u001b'))
  })

  test('of the same heap twice are none, and it ends with 0', async () => {
    const { code, stdout } = await tidemark('suspects', first, first)
    assert.match(stdout, /Nothing grew enough to be suspicious/)
    assert.equal(code, 0)
  })

  test('in the wrong order are none, and the order is doubted', async () => {
    assert.match((await tidemark('suspects', second, first)).stdout, /Nothing grew .*\n'.*first\.heapsnapshot' is smaller than '.*second\.heapsnapshot'.*The earlier one comes first/)
    assert.doesNotMatch((await tidemark('suspects', first, first)).stdout, /comes first/)
  })

  test('of three snapshots name the classes that grew in every step', async () => {
    const { code, stdout } = await tidemark('suspects', first, second, second, '--json')
    assert.equal(code, 2)
    assert.deepEqual(JSON.parse(stdout).growing, [])
  })

  test('are JSON with --json, as the API has them', async () => {
    const { stdout } = await tidemark('suspects', first, second, '--json')
    const { file, comparedWith, suspects: [suspect] } = JSON.parse(stdout)
    assert.deepEqual([file, comparedWith], [second, first])
    assert.deepEqual([suspect.class, suspect.count, suspect.countGrowth], ['Session', 10000, 8000])
  })

  test('with --format md write the form of reports', async () => {
    const { code, stdout } = await tidemark('suspects', first, second, '--format', 'md')
    assert.equal(code, 2)
    assert.match(stdout, /^# Suspects in heap snapshots\n\nMost likely: .+\n\nWhy: /)
    assert.match(stdout, /## Suspects\n\n1\. [^]*held by: it lives because of [^]*## Check a fix\n\n```sh\nnpx tidemark suspects /)
    assert.ok(Buffer.byteLength(stdout) <= 5000)
    assert.match((await tidemark('suspects', first, '--format', 'html')).stderr, /Expected --format to be md, got 'html'/)
    assert.match((await tidemark('suspects', first, '--format', 'md', '--json')).stderr, /Choose one of --json and --format/)
  })

  test('make a report of one file that loads nothing and only its owner can read', async () => {
    const report = path.join(folder, 'report.html')
    writeFileSync(report, 'an older one, that everybody can read', { mode: 0o644 })
    const { code } = await tidemark('suspects', first, second, '--html', report)
    assert.equal(code, 2)
    const html = readFileSync(report, 'utf8')
    const parts = checkPage(html)
    assert.ok(parts.length > 10)
    if (process.platform !== 'win32') assert.equal(statSync(report).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.tmp')), [])
  })

  test('put the report where a link leads, and into what is no file', { skip: process.platform === 'win32' && 'no links' }, async () => {
    const report = path.join(folder, 'linked.html')
    const link = path.join(folder, 'link.html')
    writeFileSync(report, '')
    symlinkSync(report, link)
    await tidemark('suspects', first, '--html', link)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.match(readFileSync(report, 'utf8'), /^<!doctype html>/)
    const { stderr } = await tidemark('suspects', first, '--html', '/dev/null')
    assert.equal(stderr, '')
    assert.ok(statSync('/dev/null').isCharacterDevice())
  })
})

describe('--html', () => {
  test('never writes over a snapshot', async () => {
    const [one, other, link] = ['kept.heapsnapshot', 'kept.json', 'link.json'].map((name) => path.join(folder, name))
    for (const file of [one, other]) writeFileSync(file, '{}')
    if (process.platform !== 'win32') symlinkSync(other, link)
    for (const [args, wanted] of [
      [['suspects', '--html', one, first], /--html wants the name of the report to write, such as report\.html, got the heap snapshot '.*kept\.heapsnapshot'/],
      [['summary', first, '--html', path.join(folder, 'new.HEAPSNAPSHOT')], /--html wants the name of the report/],
      [['suspects', other, '--html', other], /The report would replace '.*kept\.json', which it is made from/],
      ...(process.platform === 'win32' ? [] : [[['summary', other, '--html', link], /would replace '.*kept\.json'/]])
    ]) {
      const { code, stdout, stderr } = await tidemark(...args)
      assert.deepEqual([code, stdout], [1, ''], args.join(' '))
      assert.match(stderr, wanted)
      assert.deepEqual([one, other].map((file) => readFileSync(file, 'utf8')), ['{}', '{}'])
    }
  })

  test('says beforehand that the report cannot be written', async () => {
    // Were the snapshot read first, that it is missing would be the complaint.
    for (const [file, why] of [[path.join(folder, 'nowhere', 'o.html'), 'there is no folder'], [folder, 'it is a folder']]) {
      const { code, stderr } = await tidemark('summary', path.join(folder, 'missing'), '--html', file)
      assert.equal(code, 1)
      assert.match(stderr, /^tidemark: The report cannot be written to '[^\n]+\n$/)
      assert.ok(stderr.includes(why), stderr)
    }
  })
})

test('diff tells each class with what is new and gone', async () => {
  const { code, stdout } = await tidemark('diff', first, second)
  assert.equal(code, 0)
  assert.match(stdout, /matched by their ids/)
  assert.match(stdout, /\+[\d.]+ kB +8,000 +0 +10,000 +Session/)
  const { rows } = JSON.parse((await tidemark('diff', first, second, '--json', '--rows', '3')).stdout)
  assert.equal(rows.length, 3)
})

test('summary tells the classes', async () => {
  const { code, stdout } = await tidemark('summary', second, '--rows', '200')
  assert.equal(code, 0)
  assert.match(stdout, /10,000 .* Session$/m)
})

test('path explains a class, and a node by the id that DevTools shows', async () => {
  const byClass = await tidemark('path', second, '--class', 'Session')
  assert.equal(byClass.code, 0)
  assert.match(byClass.stdout, /the largest of 10,000/)
  const [, id] = /@(\d+)\n/.exec(byClass.stdout)
  const byId = await tidemark('path', second, '--node', `@${id}`)
  assert.match(byId.stdout, /variable sessions → Map/)
})

test('path guesses which class was meant', async () => {
  const { code, stderr } = await tidemark('path', second, '--class', 'session')
  assert.equal(code, 1)
  assert.match(stderr, /There is no class `session`.*There is .*'Session'/)
})

describe('convert', () => {
  for (const [mode, filler] of [['--redact', '<string of '], ['--strip', '']]) {
    test(`${mode} takes the contents of strings and nothing else`, async () => {
      const out = path.join(folder, `converted${mode}.heapsnapshot`)
      const { code } = await tidemark('convert', second, '--out', out, mode)
      assert.equal(code, 0)
      const text = readFileSync(out, 'utf8')
      assert.ok(readFileSync(second, 'utf8').includes('secret-cookie-of-user-77'))
      assert.ok(!text.includes('secret-cookie-of-user-77'))
      assert.equal(text.includes('<string of '), filler !== '')
      const [before, after] = await Promise.all([second, out].map((file) => tidemark('suspects', first, file, '--json')))
      const descriptions = ({ stdout }) => JSON.parse(stdout).suspects.map(({ description }) => description)
      assert.deepEqual(descriptions(after), descriptions(before))
      if (process.platform !== 'win32') assert.equal(statSync(out).mode & 0o777, 0o600)
    })
  }

  test('leaves nothing behind where it fails, and never replaces its input', async () => {
    const broken = path.join(folder, 'broken.heapsnapshot')
    writeFileSync(broken, readFileSync(first).subarray(0, 100000))
    const { code, stderr } = await tidemark('convert', broken, '--out', path.join(folder, 'out.heapsnapshot'))
    assert.equal(code, 1)
    assert.match(stderr, /^tidemark: .*broken\.heapsnapshot: This is not a valid heap snapshot: .*at byte 100000/)
    assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith('out.')), [])
    const same = await tidemark('convert', first, '--out', first)
    assert.equal(same.code, 1)
    assert.match(same.stderr, /would replace the one it is made from/)
  })
})

test('convert does not write over what is there without --force', async () => {
  const out = path.join(folder, 'there.heapsnapshot')
  writeFileSync(out, 'mine')
  const { code, stderr } = await tidemark('convert', first, '--out', out)
  assert.deepEqual([code, readFileSync(out, 'utf8')], [1, 'mine'])
  assert.match(stderr, /there\.heapsnapshot' is there already\. .*--force/)
  assert.equal((await tidemark('convert', first, '--out', out, '--force')).code, 0)
  assert.ok(statSync(out).size > 1000)
})

test('with --json every failure is JSON on stdout too', async () => {
  for (const [args, code] of [
    [['summary', path.join(folder, 'missing'), '--json'], 'ERR_TIDEMARK_SNAPSHOT_UNREADABLE'],
    [['path', first, '--class', 'NoSuchClass', '--json'], 'ERR_TIDEMARK_SNAPSHOT_NOT_FOUND'],
    [['sumary', first, '--json'], 'ERR_TIDEMARK_USAGE'],
    [['convert', first, '--out', first, '--json'], 'ERR_TIDEMARK_SNAPSHOT_UNREADABLE']
  ]) {
    const { code: exit, stdout, stderr } = await tidemark(...args)
    const { error } = JSON.parse(stdout)
    assert.deepEqual([exit, error.code], [1, code])
    assert.equal(stderr, `tidemark: ${error.message}\n`)
  }
})

test('a full disk is told with the path', { skip: process.platform !== 'linux' && 'no /dev/full' }, async () => {
  const { code, stderr } = await tidemark('suspects', first, '--html', '/dev/full')
  assert.equal(code, 1)
  assert.match(stderr, /ENOSPC.*'\/dev\/full'/)
})

test('colours follow NO_COLOR and FORCE_COLOR', () => {
  const stream = (isTTY) => ({ isTTY, hasColors: () => true, on () {} })
  const styled = (isTTY, env) => new Terminal({ stdout: stream(isTTY), stderr: stream(false), env }).style('bold', 'x') !== 'x'
  for (const [isTTY, env, expected] of [
    [true, {}, true], [false, {}, false], [true, { NO_COLOR: '1' }, false], [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true], [false, { FORCE_COLOR: '' }, true], [true, { FORCE_COLOR: '0' }, false], [false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true]
  ]) assert.equal(styled(isTTY, env), expected, JSON.stringify([isTTY, env]))
})

test('help is within 100 columns', async () => {
  for (const command of [undefined, 'suspects', 'summary', 'diff', 'path', 'convert', 'snapshot', 'leaks', 'mcp']) {
    assert.deepEqual(help(command).split('\n').filter((line) => line.length > 100), [])
  }
})

describe('bad input', () => {
  const oneLine = /^tidemark: [^\n]+\n$/

  test('is one line on stderr and ends with 1', async () => {
    const text = path.join(folder, 'text')
    writeFileSync(text, '{"snapshot": 12}')
    for (const file of [folder, path.join(folder, 'missing'), text]) {
      const { code, stdout, stderr } = await tidemark('summary', file)
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.match(stderr, oneLine)
      assert.ok(stderr.includes(file))
    }
  })

  test('a packed snapshot is to be unpacked', async () => {
    const packed = path.join(folder, 'first.heapsnapshot.gz')
    writeFileSync(packed, gzipSync('{"snapshot":{}}'))
    for (const args of [['summary', packed], ['convert', packed, '--out', path.join(folder, 'unpacked')]]) {
      const { code, stderr } = await tidemark(...args)
      assert.deepEqual([code, stderr], [1, `tidemark: ${packed}: This is gzip: unpack it first.\n`])
    }
  })

  test('a FIFO is refused and not waited for', { skip: process.platform === 'win32' && 'Windows has none' }, async () => {
    const fifo = path.join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const { code, stderr } = await tidemark('summary', fifo)
    assert.equal(code, 1)
    assert.match(stderr, /not a regular file/)
  })

  test('a wrong command line says what is wrong and where help is', async () => {
    for (const [args, wanted] of [
      [['suspect', first], /There is no command 'suspect'\. Did you mean 'suspects'\? There are: suspects/],
      [['zzz'], /There is no command 'zzz'\. There are/],
      [[first], /first\.heapsnapshot' is a file, not a command\. .*tidemark suspects /],
      [['--json'], /Say what to do/],
      [['diff', first], /takes two files, the earlier one first, got 1/],
      [['path', first], /--node ID or --class NAME/],
      [['path', first, '--node', 'abc'], /whole number/],
      [['convert', first], /--out FILE/],
      [['summary', first, '--colour'], /Unknown option '--colour'/],
      [['summary', first, '--rows'], /'--rows/],
      [['summary', first, '--rows', '-1'], /^tidemark: Option '--rows' wants a value, and what follows it looks like an option\. /],
      [['summary', first, '--rows=-1'], /whole number, got '-1'/],
      [['diff', first, second, '--html', 'o.html'], /'tidemark diff' has no option --html: it belongs to suspects, summary, recorder\./],
      [['--rows', '3', 'sumary', first], /There is no command 'sumary'\. Did you mean 'summary'\?/],
      [['help', 'dif'], /Did you mean 'diff'\?/]
    ]) {
      const { code, stdout, stderr } = await tidemark(...args)
      assert.equal(code, 1, args.join(' '))
      if (args.includes('--json')) assert.equal(JSON.parse(stdout).error.code, 'ERR_TIDEMARK_USAGE')
      else assert.equal(stdout, '')
      assert.match(stderr, wanted)
      assert.match(stderr, /^[^\n↵]+\nTry 'tidemark --help'\.\n$/)
    }
  })
})

test('--help and --version answer on stdout and end with 0', async () => {
  assert.deepEqual([(await tidemark('--version')).stdout, (await tidemark('-v')).code], [`${version}\n`, 0])
  const { code, stdout } = await tidemark('--help')
  assert.equal(code, 0)
  assert.match(stdout, /Exit code/)
  assert.match((await tidemark('path', '--help')).stdout, /^tidemark path FILE --node ID/)
  assert.equal((await tidemark()).code, 1)
})

test('help is also a command', async () => {
  for (const [asked, flag] of [[['help'], ['--help']], [['help', 'diff'], ['diff', '--help']]]) {
    assert.deepEqual(await tidemark(...asked), await tidemark(...flag))
  }
})

test('options may stand before the command', async () => {
  const { code, stdout } = await tidemark('--rows', '3', '--json', 'summary', second)
  assert.equal(code, 0)
  assert.equal(JSON.parse(stdout).classes.length, 3)
})

test('a reader that goes away is no error', async () => {
  const child = spawn(process.execPath, [COMMAND, 'summary', second, '--rows', '100000', '--json'], { timeout: DEADLINE_MS })
  child.stdout.once('data', () => child.stdout.destroy())
  let complaint = ''
  child.stderr.on('data', (chunk) => { complaint += chunk })
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(code, 0)
  assert.equal(complaint, '')
})

test('what a snapshot says is neither obeyed by a terminal nor by a browser', () => {
  assert.equal(plain('\u001b[2Jgone\u202e\n'), '\\u001b[2Jgone\\u202e↵')
  const hostile = { '\u202ename': 'a\u0085\u009b2J\u007f\u2028\n\u001b' }
  assert.deepEqual(JSON.parse(plainJson(hostile, 2)), hostile)
  assert.match(plainJson(hostile, 2), /^[\n -~]+$/)
  assert.equal(escape('<b a="1">&\''), '&#60;b a=&#34;1&#34;&#62;&#38;&#39;')
  assert.equal(JSON.parse(inert('</script><!--')), '</script><!--')
  assert.ok(!inert('</script><!--').includes('<'))
})

test('progress is told on a terminal alone, and only of long work', async () => {
  const stream = (isTTY) => ({ isTTY, columns: 80, written: '', write (text) { this.written += text }, on () {} })
  const [file, tty, quick] = [stream(false), stream(true), stream(true)]
  const terminals = [file, tty].map((stderr) => new Terminal({ stdout: file, stderr }))
  const progress = { phase: 'read', done: 1, total: 2 }
  new Terminal({ stdout: file, stderr: quick }).progress('a file', progress)
  await new Promise((resolve) => setTimeout(resolve, 1100))
  for (const terminal of terminals) terminal.progress('a \u001b file', progress)
  assert.equal(quick.written, '')
  assert.equal(file.written, '')
  assert.match(tty.written, /#{12}-{12}\]  50 %  reading a \\u001b file$/)
})
