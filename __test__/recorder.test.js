'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { describe, test } = require('node:test')
const binding = require('../binding.js')
const { shownArguments, shownNodeArguments } = require('../lib/flight/identity')
const { leakText } = require('../lib/flight/leak-text')
const { endingOf } = require('../lib/flight/ending')
const { readOptions } = require('../lib/options')
const { MemoryGroup } = require('../scripts/memory-group')
const { killMany } = require('../scripts/recorder-kills')
const { run, runIn } = require('./helpers/child')

const DEADLINE = { timeout: 500000 }
const CLI = path.join(__dirname, '..', 'bin', 'tidemark.js')
const REGISTER = path.join(__dirname, '..', 'lib', 'register.js')

/** A folder for recorder files, gone with the test. */
function folder (t) {
  const made = mkdtempSync(path.join(os.tmpdir(), 'tidemark-recorder-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function recordings (directory) {
  return JSON.parse(binding.listFlights(directory)).map(({ file }) => JSON.parse(binding.readFlight(file)))
}

/** What a program prints, as JSON lines. */
function linesOf ({ stdout }) {
  return stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

async function ended (t, way, options = {}) {
  const directory = folder(t)
  // A snapshot of a heap at its limit takes long.
  const nodeArgs = way === 'snapshot' ? [] : ['--max-old-space-size=64']
  const deadlineMs = way === 'snapshot' ? 300000 : 60000
  const result = await run('recorder-app.js', { args: [directory, way], nodeArgs, deadlineMs, ...options })
  return { ...result, directory, recordings: recordings(directory) }
}

describe('the recorder', DEADLINE, () => {
  test('a file is whole after SIGKILL at random moments, whether the event loop turns or is blocked', async () => {
    const { kills, files, tooEarly, unreadable, torn } = await killMany({ kills: 15, atOnce: 5 })
    assert.deepEqual(unreadable, [])
    assert.equal(files + tooEarly, kills)
    assert.equal(torn, 0)
  })

  for (const [way, cause] of Object.entries({ kill: 'killed', abort: 'killed', exit: 'exit', throws: 'exit', stop: 'stopped', stopDies: 'stopped', blocks: 'killed', heap: 'heap-limit', snapshot: 'killed' })) {
    test(`of a process that ends by '${way}' it says who it was, that it leaked, and how it ended`, async (t) => {
      const { directory, recordings: [recording, ...others] } = await ended(t, way)
      assert.equal(others.length, 0)
      assert.equal(endingOf(recording).cause, cause)
      assert.equal(recording.alive, false)
      assert.deepEqual([recording.skipped, recording.cut], [0, false])
      assert.equal(recording.identity.node, process.versions.node)
      assert.equal(recording.identity.name, 'tidemark')
      assert.equal(statSync(recording.file).mode & 0o777, 0o600)
      assert.ok(statSync(recording.file).size <= 256000)
      assert.match(recording.leaks[0].message, /^The JavaScript heap leaks/)
      const [isolate] = recording.isolates
      assert.equal(isolate.threadId, 0)
      assert.ok(isolate.gc.major.count >= 2)
      assert.ok(isolate.readings.some(({ kind, usedHeapSize }) => kind === 'major' && usedHeapSize > 0))
      assert.equal(readdirSync(directory).some((name) => name.endsWith('.unfinished')), false)
    })
  }

  test('threads have places of their own, and end without the process', async (t) => {
    const { recordings: [recording] } = await ended(t, 'workers')
    const [main, ...threads] = recording.isolates
    assert.equal(main.threadId, 0)
    assert.deepEqual(threads.map(({ closed }) => closed), [true, true, true, true, false])
    assert.equal(recording.end, null)
  })

  test('a process whose threads alone had the addon goes on after their end', async (t) => {
    const { code, recordings: all } = await ended(t, 'onlyWorker')
    assert.equal(code, 7)
    assert.deepEqual(all.map((each) => each.end.kind), ['stopped', 'stopped', 'stopped'])
  })

  test('the last run is told once, by an event and by the preload', async (t) => {
    const { directory, recordings: [before] } = await ended(t, 'kill')
    const again = linesOf(await run('recorder-app.js', { args: [directory, 'exit'], nodeArgs: ['--max-old-space-size=64'] }))
    const { previous } = again.find((line) => line.previous !== undefined)
    assert.equal(previous.pid, before.identity.pid)
    assert.equal(previous.cause, 'killed')
    assert.equal(previous.state, 'leaking')
    assert.match(previous.message, /did not end by itself.*killed or crashed.*It had reported: The JavaScript heap leaks/)
    assert.ok(existsSync(previous.file))
    assert.ok(again.find(({ recorder }) => recorder !== undefined).recorder.startsWith(directory), 'status() names the file')
    const third = linesOf(await run('recorder-app.js', { args: [directory, 'exit'], nodeArgs: ['--max-old-space-size=64'] }))
    assert.equal(third.some((line) => line.previous !== undefined), false)

    const preload = () => run('exits-by-itself.js', { nodeArgs: ['--require', REGISTER], env: { TIDEMARK_RECORDER: directory } })
    const quiet = await preload()
    assert.equal(quiet.stderr, '', 'another script is another service')
    await killed(directory)
    const told = await preload()
    assert.match(told.stderr, /tidemark\[\d+\] previous-run: The last run of this service \(process \d+\) did not end by itself/)
    assert.equal((await preload()).stderr, '')

    await killed(directory)
    const own = path.join(directory, 'own-options.js')
    writeFileSync(own, `require(${JSON.stringify(path.join(__dirname, '..'))}).start({ criticalMs: 60000 })`)
    const restarted = await run('exits-by-itself.js', { nodeArgs: ['--require', REGISTER, '--require', own], env: { TIDEMARK_RECORDER: directory } })
    assert.match(restarted.stderr, /previous-run: The last run/, 'also where the app starts it with options of its own')
    assert.equal((await preload()).stderr, '')
  })

  /** A run of the preloaded program that is killed while it runs. */
  async function killed (directory) {
    const program = path.join(__dirname, 'programs', 'exits-by-itself.js')
    const preload = path.join(directory, 'preload.js')
    writeFileSync(preload, `process.argv[1] === ${JSON.stringify(program)} && setTimeout(() => process.kill(process.pid, 'SIGKILL'), 800)`)
    const { signal } = await run('exits-by-itself.js', { nodeArgs: ['--require', REGISTER, '--require', preload], env: { TIDEMARK_RECORDER: directory } })
    assert.equal(signal, 'SIGKILL')
  }

  test('what is wrong with its folder is one problem, and the app goes on', async (t) => {
    const directory = folder(t)
    const link = path.join(directory, 'link')
    const file = path.join(directory, 'file')
    symlinkSync(os.tmpdir(), link)
    writeFileSync(file, '')
    const cases = [
      [path.join(directory, 'no', 'such'), /cannot be used/],
      [link, /is a symbolic link/],
      [file, /is not a folder/],
      ['/proc', /no file can be made/]
    ]
    for (const [wrong, expected] of cases) {
      const [{ problems }] = linesOf(await run('recorder-app.js', { args: [wrong, 'exit'], nodeArgs: ['--max-old-space-size=64'] }))
      assert.equal(problems.length, 1, wrong)
      assert.match(problems[0], expected)
      assert.match(problems[0], /^`recorder`: /)
    }
  })

  test('a full disk and a read-only one are problems', { skip: !mounts() && 'wants root, to mount a small file system' }, async (t) => {
    const directory = folder(t)
    const app = [process.execPath, '--max-old-space-size=64', path.join(__dirname, 'programs', 'recorder-app.js'), directory, 'exit']
    const onTmpfs = (options) => runIn(['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o ${options} none ${directory} && exec "$@"`, 'sh'], app[2], { args: app.slice(3), nodeArgs: [app[1]] })
    for (const [options, expected] of [['size=64k', /cannot be written|No space/], ['ro', /Read-only file system/]]) {
      const { code, ...result } = await onTmpfs(options)
      assert.equal(code, 7, result.stderr)
      const [{ problems }] = linesOf(result)
      assert.match(problems.join(), expected)
    }
  })

  test('of 5,000 files the old ones go, and the app is not held up', async (t) => {
    const { directory, recordings: [{ file }] } = await ended(t, 'exit')
    const data = readFileSync(file)
    for (let i = 0; i < 5000; i++) {
      const name = path.join(directory, `tidemark-${i}-1.tidemark`)
      writeFileSync(name, i < 20 ? data : data.subarray(0, 4096))
      if (i % 2 === 0) chmodSync(name, 0o600)
    }
    writeFileSync(path.join(directory, 'other-1-1.tidemark'), data)
    writeFileSync(path.join(directory, 'tidemark-1-2.tidemark'), 'not ours')
    await run('recorder-app.js', { args: [directory, 'stop'], nodeArgs: ['--max-old-space-size=64'] })
    const names = readdirSync(directory)
    assert.ok(names.length <= 13, String(names.length))
    assert.ok(names.includes('other-1-1.tidemark') && names.includes('tidemark-1-2.tidemark'))
  })

  test('a file that is cut, foreign or of another version is said to be, and read as far as it goes', async (t) => {
    const { directory, recordings: [{ file }] } = await ended(t, 'kill')
    const data = readFileSync(file)
    const cli = (...args) => run(CLI, { args })
    const variant = (name, bytes) => {
      const variantFile = path.join(directory, name)
      writeFileSync(variantFile, bytes)
      return variantFile
    }
    const version = Buffer.from(data)
    version[12] = 9
    assert.match((await cli('recorder', variant('version.tidemark', version))).stderr, /is of version 9 of the format/)
    assert.match((await cli('recorder', variant('noise.tidemark', Buffer.alloc(data.length, 'noise')))).stderr, /not a recorder file/)
    const torn = Buffer.from(data)
    torn[4096 + 100] ^= 255
    assert.match((await cli('recorder', variant('torn.tidemark', torn))).stdout, /1 record was torn or foreign/)
    truncateSync(variant('cut.tidemark', data), 100000)
    assert.match((await cli('recorder', path.join(directory, 'cut.tidemark'))).stdout, /The file was cut/)
    const { stdout } = await cli('ps', directory)
    assert.match(stdout, /noise\.tidemark: it is not a recorder file/)
  })

  test('`recorder` is a folder, or a folder and what is kept in it', () => {
    assert.deepEqual(readOptions({ recorder: 'x' }).recorder, { directory: 'x', keep: { files: 10, days: 7 } })
    assert.deepEqual(readOptions({ recorder: { directory: 'x', keep: { days: 1 } } }).recorder, { directory: 'x', keep: { files: 10, days: 1 } })
    for (const wrong of ['', 5, {}, { directory: 'x', keep: { files: -1 } }, { directory: 'x', other: 1 }, { directory: 'x', keep: null }]) {
      assert.throws(() => readOptions({ recorder: wrong }), { code: 'ERR_TIDEMARK_OPTION', message: /`recorder`/ })
    }
  })
})

describe('in a memory group', { timeout: 60000, skip: !hasGroups() && 'wants a memory group' }, () => {
  test('a limit that moves is followed, and a kill for memory is told as one', async (t) => {
    const directory = folder(t)
    const group = new MemoryGroup()
    t.after(() => group.remove())
    group.limit(400 << 20)
    const child = spawn(group.wrap[0], [...group.wrap.slice(1), process.execPath, path.join(__dirname, 'programs', 'in-group.js'), directory])
    t.after(() => child.kill('SIGKILL'))
    const looks = linesFrom(child.stdout)
    const until = async (fits) => {
      for (;;) {
        const { done, value } = await looks.next()
        assert.ok(!done, 'it ended')
        if (fits(value)) return value
      }
    }
    const at = (limitMb) => until(({ limit }) => limit === limitMb << 20)
    assert.equal((await at(400)).state, 'ok')
    group.limit(300 << 20)
    await at(300)
    child.stdin.end('leak')
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGKILL')
    assert.equal(group.oomKills, 1)
    const [recording] = recordings(directory)
    const ending = endingOf(recording)
    assert.equal(ending.cause, 'oom-kill', ending.sentence)
    assert.match(ending.sentence, /of 315 MB \(\d+ %\), the memory limit of its container/)
  })
})

/** Each line of a stream as JSON. */
async function * linesFrom (stream) {
  for await (const line of createInterface(stream)) yield JSON.parse(line)
}

function hasGroups () {
  try {
    new MemoryGroup().remove()
    return true
  } catch {
    return false
  }
}

describe('tidemark ps and tidemark recorder', DEADLINE, () => {
  test('show the living and the dead, a chart, and a page that loads nothing', async (t) => {
    const { directory, recordings: [{ file, identity }] } = await ended(t, 'heap')
    const ps = await run(CLI, { args: ['ps', directory] })
    assert.match(ps.stdout, /^ *PID +THREAD +STATE +HEAP +RSS +LIMIT +GROWTH +LEFT +NAME/)
    assert.match(ps.stdout, new RegExp(`${identity.pid} +0 +heap full \\(\\w+\\)`))
    const { json } = await run(CLI, { args: ['ps', '--json'], env: { TIDEMARK_RECORDER: directory } }).then(({ stdout }) => ({ json: JSON.parse(stdout) }))
    assert.equal(json.processes[0].ending, 'heap-limit')
    const page = path.join(directory, 'page.html')
    const shown = await run(CLI, { args: ['recorder', file, '--html', page] })
    assert.match(shown.stdout, /heap out of memory/)
    assert.match(shown.stdout, /•/)
    assert.match(shown.stdout, /= limit|limit .* above the chart/)
    const html = readFileSync(page, 'utf8')
    assert.match(html, /default-src 'none'/)
    assert.doesNotMatch(html, /<script|https?:|src=/)
    assert.match(html, /<polyline class="readings"/)
    assert.equal(statSync(page).mode & 0o777, 0o600)
  })

  test('say what is missing', async (t) => {
    const empty = folder(t)
    assert.match((await run(CLI, { args: ['ps', empty] })).stdout, /No process has recorded itself/)
    assert.match((await run(CLI, { args: ['ps'], env: { TIDEMARK_RECORDER: '' } })).stderr, /needs the recorder's folder/)
    assert.match((await run(CLI, { args: ['ps', path.join(empty, 'none')] })).stderr, /cannot be read/)
    assert.match((await run(CLI, { args: ['recorder', path.join(empty, 'none')] })).stderr, /cannot be read: .*No such file/)
    mkdirSync(path.join(empty, 'x.tidemark'))
    assert.match((await run(CLI, { args: ['recorder', path.join(empty, 'x.tidemark')] })).stderr, /is not a file/)
  })
})

test('what an argument is set to is never shown', () => {
  assert.deepEqual(shownArguments(['serve', '--port=8080', '--password=hunter2', '-v', '--sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'postgres://u:p@h', '-phunter2', '-p=x']),
    ['[…]', '--port=[…]', '--password=[…]', '-v', '[…]', '[…]', '-p[…]', '-p=[…]'])
  assert.deepEqual(shownNodeArguments(['--max-old-space-size=64', '--require', '/home/user/secret.js', '--title=My Secret', '--expose-gc']),
    ['--max-old-space-size=64', '--require', '[…]', '--title=[…]', '--expose-gc'])
})

test('a leak that is too long for its place loses what says least', () => {
  const suspect = { kind: 'container', description: 'x'.repeat(900), location: { file: '/app.js', line: 3 }, share: 0.5, evidence: [] }
  const leak = { time: new Date(0), channel: 'heap', signature: 's', message: 'It leaks. '.repeat(60), suspects: Array.from({ length: 9 }, () => suspect) }
  for (const room of [4072, 2000, 800]) {
    const text = leakText(leak, room)
    assert.ok(Buffer.byteLength(text) <= room)
    assert.match(JSON.parse(text).message, /^It leaks/)
  }
  assert.equal(JSON.parse(leakText(leak, 4072)).suspects.length, 3)
})

describe('how a process ended is told by', () => {
  const heap = (used, extra) => ({ threadId: 0, closed: false, nearHeapLimit: false, newest: { usedHeapSize: used, heapSizeLimit: 100e6 }, ...extra })
  const recording = (pulse, isolates = [heap(20e6)]) => ({ alive: false, end: null, isolates, process: { rss: 90e6, ...pulse } })

  for (const [what, given, cause, words] of [
    ['memory at the limit of the container', recording({ groupLimit: 100e6, groupUsage: 97e6 }), 'oom-kill', /OOM kill.*97 MB of 100 MB \(97 %\), the memory limit of its container/],
    ['memory at the limit that the app named', recording({ memoryLimit: 95e6 }), 'oom-kill', /`memoryLimit`/],
    ['memory at a limit that slows', recording({ groupLimit: 100e6, groupUsage: 97e6, groupSlows: true }), 'killed', /was not at a limit that kills|memory\.high/],
    ['memory at a limit that slows, on a machine that is full', recording({ groupLimit: 100e6, groupUsage: 97e6, groupSlows: true, rss: 97e6, machineAvailable: 5e6 }), 'oom-kill', /OOM kill.*the end of the machine's memory/],
    ['a heap at its limit', recording({}, [heap(99e6)]), 'heap-limit', /heap out of memory/],
    ['V8 that asked for more, also beside a container that is nearly full', recording({ groupLimit: 100e6, groupUsage: 97e6 }, [heap(60e6, { nearHeapLimit: true })]), 'heap-limit', /60 MB/],
    ['nothing of that', recording({ groupLimit: 500e6, groupUsage: 97e6 }), 'killed', /killed or crashed; its memory was not at a limit: its container had 97 MB of 500 MB/],
    ['a file without a pulse', { ...recording({}), process: null }, 'killed', /killed or crashed; its memory was not at a limit\./]
  ]) {
    test(what, () => {
      const ending = endingOf(given)
      assert.equal(ending.cause, cause)
      assert.match(ending.sentence, words)
    })
  }
})

function mounts () {
  return process.platform === 'linux' && process.geteuid() === 0
}
