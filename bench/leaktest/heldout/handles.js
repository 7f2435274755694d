'use strict'

// What the operating system has a part of, and what takes its time.
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const { PassThrough, Readable, Writable } = require('node:stream')
const { finished, pipeline } = require('node:stream/promises')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')

/** What the pairs opened, so that the process may end. */
const opened = []
let helper

function closeAll () {
  for (const child of opened.splice(0)) child.kill()
}

module.exports = {
  'open-files': {
    kind: 'native handles',
    make () {
      return {
        leaky () {
          fs.openSync(__filename, 'r')
        },
        clean () {
          const fd = fs.openSync(__filename, 'r')
          try {
            return fs.readSync(fd, Buffer.alloc(64))
          } finally {
            fs.closeSync(fd)
          }
        }
      }
    },
    culprit: /\bopenSync\b|\bfiles?\b|\bdescriptors?\b/i,
    resource: true
  },

  'children-left-running': {
    kind: 'child processes',
    make () {
      return {
        async leaky () {
          const child = spawn('cat')
          opened.push(child)
          await once(child, 'spawn')
        },
        async clean () {
          const child = spawn('cat')
          child.stdin.end('done')
          child.stdout.resume()
          await once(child, 'close')
        }
      }
    },
    culprit: /\bopened\b|\bChildProcess\b|\bchild process|\bspawn\b|\bcat\b/i,
    calls: 'slow',
    resource: true,
    end: closeAll
  },

  'stream-piped-into-a-log': {
    kind: 'streams',
    make () {
      const auditLog = new Writable({ write: (chunk, encoding, done) => done() }).setMaxListeners(0)
      let n = 0
      return {
        leaky () {
          const source = new PassThrough()
          source.pipe(auditLog, { end: false })
          source.write(`line ${n++}\n`)
        },
        async clean () {
          const sink = new Writable({ write: (chunk, encoding, done) => done() })
          await pipeline(Readable.from([`line ${n++}\n`, 'end\n']), new PassThrough(), sink)
          await finished(sink)
        }
      }
    },
    culprit: /\bauditLog\b/
  },

  'requests-of-a-server': {
    kind: 'sockets and servers',
    make () {
      const lastRequests = []
      let keep = false
      const server = helper = http.createServer((req, res) => {
        if (keep) lastRequests.push({ url: req.url, headers: req.headers })
        res.end('ok')
      })
      server.unref()
      const listening = once(server.listen(0, '127.0.0.1'), 'listening')
      const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
      let n = 0
      const get = async (kept) => {
        await listening
        keep = kept
        const request = http.get({ port: server.address().port, host: '127.0.0.1', path: `/${n++}`, agent })
        const [response] = await once(request, 'response')
        response.resume()
        await once(response, 'end')
      }
      return { leaky: () => get(true), clean: () => get(false) }
    },
    culprit: /\blastRequests\b/,
    calls: 'slow',
    end () {
      helper?.close()
      helper?.closeAllConnections?.()
    }
  },

  'answers-of-a-worker': {
    kind: 'worker messages',
    make () {
      const calls = new Map()
      const answered = new Map()
      let worker
      let n = 0
      const ask = async (forget) => {
        if (worker === undefined) {
          worker = helper = new Worker("const { parentPort } = require('node:worker_threads'); parentPort.on('message', (id) => parentPort.postMessage({ id, text: 'x'.repeat(100) }))", { eval: true })
          worker.on('message', (message) => calls.get(message.id)(message))
          await once(worker, 'online')
        }
        const id = n++
        worker.ref()
        const message = await new Promise((resolve) => {
          calls.set(id, resolve)
          worker.postMessage(id)
        })
        worker.unref()
        calls.delete(id)
        answered.set(id, message)
        if (forget) answered.delete(id)
      }
      return { leaky: () => ask(false), clean: () => ask(true) }
    },
    culprit: /\banswered\b/,
    async end () {
      await helper?.terminate()
    }
  },

  'slow-job-with-a-report': {
    kind: 'module-level arrays',
    make () {
      const reports = []
      let helpers
      let n = 0
      return {
        async leaky () {
          await sleep(40)
          reports.push({ n: n++, lines: Array.from({ length: 20 }, (_, i) => ({ i, text: `line ${i}` })) })
        },
        async clean () {
          helpers ??= [require('node:dns'), require('node:readline'), require('node:zlib')]
          await sleep(40)
          return { n: n++, lines: Array.from({ length: 20 }, (_, i) => ({ i, text: `line ${i}` })) }
        }
      }
    },
    culprit: /\breports\b/,
    calls: 'slow'
  }
}
