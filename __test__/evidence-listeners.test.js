'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { EventEmitter, once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { afterEach, beforeEach, describe, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { applicationFrame, isApplicationFile, mapLocation, parseStack } = require('../lib/evidence/app-frame')
const { anchor, describePlace, keyOf } = require('../lib/evidence/census/place')
const { ListenerWarnings } = require('../lib/evidence/listeners')
const { toFindings } = require('../lib/evidence/retainers/finding')
const { commonProgram } = require('../lib/evidence/child-processes')
const { ResourceEvidence } = require('../lib/evidence/resources')
const { crowdedFolder } = require('../lib/open-files')
const { countResources } = require('../lib/resource-watch')
const { run } = require('./helpers/child')

describe('warnings of too many listeners', () => {
  const program = (mode) => run('evidence-listeners-warn.js', { args: [mode], nodeArgs: ['--expose-gc'] })
  const withoutPid = ({ stderr }) => stderr.replace(/node:\d+/g, 'node:PID')

  test('name the emitter, the event, the place, and how many there were and are', async () => {
    const { json: { findings: [{ description, key, location, links, confidence, evidence }], file } } = await program('on')
    assert.equal(key, "Prices 'change'")
    assert.match(description, /^a Prices has 1,012 listeners for 'change', 11 when Node\.js warned, added at .*evidence-listeners-warn\.js:\d+$/)
    const line = fs.readFileSync(file, 'utf8').split('\n').findIndex((text) => text.includes("emitter.on('change'")) + 1
    assert.deepEqual({ ...location, column: 0 }, { file, line, column: 0, function: 'addListener' })
    assert.deepEqual(links, ['type:Prices', `file:${file}`])
    assert.ok(confidence > 0.8)
    assert.equal(evidence[0].before, 11)
    assert.equal(evidence[0].now, 1012)
  })

  test('are printed by Node.js as if nobody listened', async () => {
    assert.equal(withoutPid(await program('on')), withoutPid(await program('off')))
    assert.match((await program('on')).stderr, /MaxListenersExceededWarning/)
  })

  test('hold no emitter, and say nothing sure of one that is gone', async () => {
    const { json: { findings: [{ confidence, evidence }] } } = await program('gone')
    assert.equal(confidence, 0)
    assert.equal(evidence[0].now, null)
  })

  test('leave no listener behind', async () => {
    const [on, off] = [await program('on'), await program('off')]
    assert.equal(on.json.listeners, off.json.listeners)
  })

  describe('whose emitter is the app’s own', () => {
    let warnings
    let called

    const warn = (properties) => {
      const warning = new Error('many')
      warning.name = 'MaxListenersExceededWarning'
      process.emit('warning', Object.defineProperties(warning, properties))
    }
    const trap = (name) => ({ get () { called.push(name) }, enumerable: true })

    // Node.js would print what is emitted here.
    let printers
    beforeEach(() => {
      called = []
      printers = process.rawListeners('warning')
      process.removeAllListeners('warning')
      warnings = new ListenerWarnings()
      warnings.start()
    })
    afterEach(() => {
      warnings.stop()
      for (const printer of printers) process.on('warning', printer)
    })

    test('has no getter and no method of its own called', async () => {
      const poisoned = Object.create(Object.create(null, { constructor: trap('constructor') }), {
        _events: trap('_events'),
        listeners: { value () { called.push('listeners') } },
        listenerCount: { value () { called.push('listenerCount') } },
        toString: { value () { called.push('toString') } }
      })
      warn({ emitter: { value: poisoned }, type: { value: 'a' }, count: { value: 11 } })
      const events = Object.create(null, { b: trap('b') })
      warn({ emitter: { value: Object.assign(new EventEmitter(), { _events: events }) }, type: { value: 'b' }, count: { value: 11 } })
      const revoked = Proxy.revocable({}, {})
      revoked.revoke()
      warn({ emitter: { value: revoked.proxy }, type: { value: 'c' }, count: { value: 11 } })
      const spied = new Proxy(new EventEmitter(), new Proxy({}, { get (_, name) { called.push(name) } }))
      warn({ emitter: { value: spied }, type: { value: Symbol('d') }, count: { value: 11 } })
      warn({ emitter: trap('emitter'), type: trap('type'), count: trap('count'), stack: trap('stack') })
      warn({ emitter: { value: Object.freeze(Object.create(null)) }, type: { value: 'e' }, count: { value: 11 } })
      process.emit('warning', revoked.proxy)
      const findings = await warnings.findings()
      assert.deepEqual(called, [])
      assert.equal(findings.length, 5)
      assert.doesNotThrow(() => JSON.stringify(findings))
    })

    test('is counted although its methods are poisoned', async () => {
      const emitter = new EventEmitter().setMaxListeners(0)
      for (let i = 0; i < 40; i++) emitter.on('x', () => {})
      emitter.listenerCount = emitter.listeners = () => { throw new Error('poisoned') }
      warn({ emitter: { value: emitter }, type: { value: 'x' }, count: { value: 11 } })
      const [{ evidence: [{ now }] }] = await warnings.findings()
      assert.equal(now, 40)
    })

    test('may be one of many: places are bounded', async () => {
      for (let i = 0; i < 100; i++) warn({ emitter: { value: new EventEmitter() }, type: { value: `${'abcdefghij'[Math.floor(i / 10)]}-${'abcdefghij'[i % 10]}` }, count: { value: 11 } })
      assert.equal((await warnings.findings()).length, 32)
    })

    test('may be called by data: that is one place, and nothing of it is told', async () => {
      class Bus extends EventEmitter {}
      Object.defineProperty(Bus, 'name', { value: 'ann@example.org' })
      for (let i = 0; i < 20; i++) {
        const bus = new Bus()
        for (let k = 0; k < 12; k++) EventEmitter.prototype.on.call(bus, `order-8821${i}`, () => {})
        warn({ emitter: { value: bus }, type: { value: `order-8821${i}` }, count: { value: 11 } })
      }
      const [finding, ...others] = await warnings.findings()
      assert.deepEqual(others, [])
      assert.equal(finding.key, "[…] '[…]'")
      assert.match(finding.description, /^8 of \[…\] have 96 listeners for '\[…\]', 88 when Node.js warned/)
      assert.doesNotMatch(JSON.stringify(finding), /8821|example/)
    })
  })
})

describe('the application frame of a stack', () => {
  const at = (file, lineNumber = 3, functionName = 'handler') => ({ file, lineNumber, columnNumber: 7, functionName })
  const express = at('/app/node_modules/express/lib/router.js')
  const own = at('/app/server.js')

  test('is the nearest of the own code, before any package', () => {
    assert.deepEqual(applicationFrame([at('node:events'), express, own, at('/app/main.js')]),
      { file: '/app/server.js', line: 3, column: 7, function: 'handler' })
  })

  test('is the nearest of a package where none is the own code', () => {
    assert.equal(applicationFrame([at('node:events'), express, at('/app/node_modules/b/i.js')]).file, express.file)
  })

  test('is never of Node.js, of V8 or of tidemark', () => {
    const tidemark = at(path.join(__dirname, '..', 'lib', 'monitor.js'))
    const frames = [at('node:internal/http'), at('<anonymous>'), at('native array.js'), at('wasm://wasm/1'), at(''), tidemark, { lineNumber: 1, columnNumber: 1 }]
    assert.equal(applicationFrame(frames), null)
    assert.equal(applicationFrame([]), null)
  })

  test('may be given by a URL', () => {
    assert.equal(applicationFrame([{ url: pathToFileURL(__filename).href, lineNumber: 1, columnNumber: 1 }]).file, __filename)
  })

  test('has no name where V8 only has one of its own', () => {
    assert.equal(applicationFrame([at('/a.js', 1, 'Object.<anonymous>')]).function, null)
    assert.equal(applicationFrame([at('/a.js', 1, '')]).function, null)
    assert.equal(applicationFrame([at('/a.js', 1, 'async new Shop.open [as x]')]).function, 'Shop.open')
  })

  test('tells own code from packages', () => {
    assert.equal(isApplicationFile('/app/x.js'), true)
    assert.equal(isApplicationFile('C:\\app\\node_modules\\x\\y.js'), false)
    assert.equal(isApplicationFile('node:fs'), false)
    assert.equal(isApplicationFile(undefined), false)
  })
})

describe('a stack', () => {
  test('of this Node.js is read frame by frame', () => {
    const [first] = parseStack(new Error('at fake (nowhere.js:1:2)\n    here').stack.replace(/^.*\n.*\n/, ''))
    assert.equal(first.file, __filename)
    assert.ok(first.lineNumber > 100 && first.columnNumber > 0)
  })

  test('may have async frames, URLs, spaces, drives and eval', () => {
    const frames = parseStack(['Error: x', '    at async load (file:///app/a%20b.mjs:1:2)', '    at async file:///app/c.mjs:3:4',
      '    at Promise.all (index 0)', '    at new Foo (C:\\my app\\b.js:5:6)', '    at eval (eval at run (/app/d.js:7:8), <anonymous>:1:1)', '    at <anonymous>'].join('\n'))
    assert.deepEqual(frames.map(({ file, lineNumber, columnNumber }) => `${file}:${lineNumber}:${columnNumber}`),
      ['file:///app/a%20b.mjs:1:2', 'file:///app/c.mjs:3:4', 'C:\\my app\\b.js:5:6', '/app/d.js:7:8'])
  })

  test('that is none, or huge, is no harm', () => {
    for (const stack of [undefined, null, 5, {}, '']) assert.deepEqual(parseStack(stack), [])
    assert.ok(parseStack(`at ${'('.repeat(1e6)}\n`.repeat(3) + '    at f (/a.js:1:1)\n'.repeat(1e5)).length <= 100)
  })
})

describe('a source map', () => {
  let folder
  beforeEach(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-maps-')) })
  afterEach(() => fs.rmSync(folder, { recursive: true }))

  // Generated line 2, column 2 (from 0) is line 11, column 4 of the source.
  const MAP = { version: 3, sources: ['../src/shop.ts'], names: [], mappings: ';EAUI' }
  const place = (file) => ({ file, line: 2, column: 3, function: 'f' })

  test('beside the file leads to the source that a person wrote', () => {
    const file = path.join(folder, 'shop.js')
    fs.writeFileSync(file, '\n  boom()\n//# sourceMappingURL=shop.js.map\n')
    fs.writeFileSync(`${file}.map`, JSON.stringify(MAP))
    assert.deepEqual(mapLocation(place(file)), { file: path.join(folder, '..', 'src', 'shop.ts'), line: 11, column: 5, function: 'f' })
    assert.equal(applicationFrame([{ file, lineNumber: 2, columnNumber: 3 }]).line, 11)
    assert.deepEqual(mapLocation({ ...place(file), line: 9 }), { ...place(file), line: 9 })
  })

  test('gives the same file to names and locations, also in what a snapshot says', () => {
    const file = path.join(folder, 'shop.js')
    fs.writeFileSync(file, '\n  boom()\n//# sourceMappingURL=shop.js.map\n')
    fs.writeFileSync(`${file}.map`, JSON.stringify(MAP))
    const location = { file, line: 2, column: 3, function: 'f' }
    assert.equal(describePlace(anchor('variable', 'requests', file)), '`requests` in shop.ts')
    const suspect = { kind: 'container', description: 'Map `requests` (context of shop.js) holds 9 Session', holder: 'Map `requests` (context of shop.js)', class: 'Session', count: 9, bytes: 9, growth: 9, countGrowth: 9, confidence: 0.95, path: [{ class: 'f', edge: null, location }, { class: 'Map', edge: { type: 'context', name: 'requests' }, location }], location }
    const [{ description, evidence: [{ description: way }], ...found }] = toFindings([suspect], 1000)
    assert.equal(description, 'Map `requests` (context of shop.ts) holds 9 Session')
    assert.match(way, /\(shop\.ts:11\)$/)
    assert.equal(path.basename(found.location.file), 'shop.ts')
    assert.equal(found.links[0], `holder:${keyOf(anchor('variable', 'requests', file))}`, 'the key is of what runs')
  })

  test('of a bundle names none of its sources', () => {
    const file = path.join(folder, 'bundle.js')
    fs.writeFileSync(file, '\n//# sourceMappingURL=bundle.js.map\n')
    fs.writeFileSync(`${file}.map`, JSON.stringify({ ...MAP, sources: ['a.ts', 'b.ts'] }))
    assert.equal(describePlace(anchor('variable', 'requests', file)), '`requests` in bundle.js')
  })

  test('within the file does as well', () => {
    const file = path.join(folder, 'inline.js')
    const inline = Buffer.from(JSON.stringify({ ...MAP, sourceRoot: '/project/src/', sources: ['a.ts'] })).toString('base64')
    fs.writeFileSync(file, `\n  boom()\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${inline}`)
    assert.equal(mapLocation(place(file)).file, path.resolve('/project/src/a.ts'))
  })

  test('that is missing, broken or elsewhere changes nothing', () => {
    for (const [name, comment] of Object.entries({ missing: 'none.map', broken: 'broken.js', remote: 'https://example.com/a.map' })) {
      const file = path.join(folder, `${name}.js`)
      fs.writeFileSync(file, `\n  boom()\n//# sourceMappingURL=${comment}\n`)
      assert.deepEqual(mapLocation(place(file)), place(file))
    }
    for (const file of [path.join(folder, 'nowhere.js'), 'evalmachine', folder]) assert.deepEqual(mapLocation(place(file)), place(file))
  })
})

describe('open files', { skip: process.platform !== 'linux' && 'Linux only' }, () => {
  const listening = async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  test('are counted, and sockets are not', async () => {
    // libuv keeps a spare descriptor from the first server on.
    const first = await listening()
    const before = countResources()
    const second = await listening()
    const files = Array.from({ length: 20 }, () => fs.openSync(__filename))
    const during = countResources()
    for (const file of files) fs.closeSync(file)
    const after = countResources()
    first.close()
    second.close()
    assert.deepEqual([during.OpenFile - before.OpenFile, after.OpenFile - before.OpenFile], [20, 0])
    assert.equal(during.TCPServerWrap - before.TCPServerWrap, 1)
  })
})

describe('active resources', () => {
  const looks = async (...counts) => {
    let now = 0
    const evidence = new ResourceEvidence(() => counts[now])
    evidence.start()
    for (now = 1; now < counts.length; now++) evidence.tick(now * 2000)
    const findings = await evidence.findings()
    evidence.stop()
    assert.deepEqual(await evidence.findings(), [])
    return findings
  }

  test('that only get more are told by type', async () => {
    const [{ description, key, links, confidence, bytes }, ...others] = await looks(...[0, 200, 400, 600, 800].map((n) => ({ Timeout: 404 + n, TCPSocketWrap: 20 })))
    assert.deepEqual(others, [])
    assert.match(description, /^Timeout: 1,204 active, 800 more than .* ago$/)
    assert.equal(key, 'Timeout')
    assert.deepEqual(links, ['type:Timeout'])
    assert.ok(confidence > 0.9)
    assert.equal(bytes, null)
  })

  test('that come and go are not told', async () => {
    assert.deepEqual(await looks({ Timeout: 10 }, { Timeout: 90 }, { Timeout: 5 }, { Timeout: 95 }, { Timeout: 30 }), [])
  })

  test('of a type that was not there before are told', async () => {
    const [{ key }] = await looks({ Timeout: 1 }, { Timeout: 1, FSReqCallback: 30 }, { Timeout: 1, FSReqCallback: 60 })
    assert.equal(key, 'FSReqCallback')
  })

  test('are not told where nobody could count them, or hardly anybody looked', async () => {
    assert.deepEqual(await looks({}, {}, {}, {}), [])
    const same = { Timeout: 5 }
    assert.deepEqual(await looks(same, same, same, { Timeout: 50 }), [])
  })
})

test('open files are told by the folder that most of them are in', { skip: process.platform !== 'linux' }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-open-'))
  const files = Array.from({ length: 40 }, (_, i) => fs.openSync(path.join(folder, `upload ${i}`), 'w'))
  const { folder: crowded, count, of } = crowdedFolder()
  files.forEach((file) => fs.closeSync(file))
  fs.rmSync(folder, { recursive: true })
  assert.deepEqual([path.basename(crowded), count], [path.basename(folder), 40])
  assert.ok(of >= 40)
})

test('child processes are told by the program that most of them run', (t) => {
  // What other tests began may still be there.
  const before = commonProgram()?.count ?? 0
  const children = Array.from({ length: 3 }, () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }))
  t.after(() => children.forEach((child) => child.kill()))
  const { program, count, of } = commonProgram()
  assert.deepEqual([program, count], [path.basename(process.execPath), before + 3])
  assert.ok(of >= count)
})
