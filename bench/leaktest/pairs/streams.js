'use strict'

const fs = require('node:fs')
const { once } = require('node:events')
const http = require('node:http')
const { PassThrough, Readable, Transform } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { Worker } = require('node:worker_threads')
const zlib = require('node:zlib')

let server
let thread

module.exports = {
  'streams-left-unread': {
    kind: 'streams',
    make () {
      const openDownloads = new Set()
      let n = 0
      return {
        leaky () {
          const stream = new PassThrough()
          stream.write(`header ${n++}`)
          stream.on('close', () => openDownloads.delete(stream))
          openDownloads.add(stream)
        },
        async clean () {
          let size = 0
          const upper = new Transform({ transform: (chunk, encoding, done) => done(null, String(chunk).toUpperCase()) })
          for await (const chunk of Readable.from([`header ${n++}`, 'body']).pipe(upper)) size += chunk.length
          return size
        }
      }
    },
    culprit: /\bopenDownloads\b/
  },

  'files-read-whole': {
    kind: 'streams',
    make () {
      const documents = new Map()
      let n = 0
      const read = async () => {
        const chunks = []
        for await (const chunk of fs.createReadStream(__filename)) chunks.push(chunk)
        return Buffer.concat(chunks)
      }
      return {
        async leaky () {
          documents.set(n++, await read())
        },
        async clean () {
          return (await read()).length
        }
      }
    },
    culprit: /\bdocuments\b/
  },

  'compressors-left-open': {
    kind: 'native handles',
    make () {
      const gzips = []
      return {
        leaky () {
          gzips.push(zlib.createGzip({ memLevel: 1, windowBits: 9 }))
        },
        async clean () {
          await pipeline(Readable.from(['some text']), zlib.createGzip({ memLevel: 1, windowBits: 9 }), new PassThrough().resume())
        }
      }
    },
    culprit: /\bgzips\b|\bGzip\b/
  },

  'responses-of-a-request': {
    kind: 'sockets and servers',
    make () {
      server?.close()
      server = http.createServer((req, res) => res.end(JSON.stringify({ url: req.url })))
      server.unref()
      const own = server
      const listening = once(own.listen(0, '127.0.0.1'), 'listening')
      const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
      const responseLog = []
      let n = 0
      const get = async () => {
        await listening
        const [response] = await once(http.get({ port: own.address().port, host: '127.0.0.1', path: `/${n++}`, agent }), 'response')
        response.setEncoding('utf8')
        let text = ''
        for await (const chunk of response) text += chunk
        return { status: response.statusCode, headers: response.headers, text }
      }
      return {
        async leaky () {
          responseLog.push(await get())
        },
        async clean () {
          return (await get()).text.length
        }
      }
    },
    culprit: /\bresponseLog\b/,
    calls: 'slow',
    end () {
      server?.close()
      server?.closeAllConnections?.()
    }
  },

  'calls-of-a-worker': {
    kind: 'worker messages',
    make () {
      const openCalls = new Map()
      let worker
      let n = 0
      const ask = async (done) => {
        if (worker === undefined) {
          worker = thread = new Worker("const { parentPort } = require('node:worker_threads'); parentPort.on('message', (id) => parentPort.postMessage(id))", { eval: true })
          worker.on('message', (id) => openCalls.get(id).resolve(id))
          await once(worker, 'online')
        }
        worker.ref()
        const id = n++
        const call = { id }
        const answer = new Promise((resolve) => { call.resolve = resolve })
        openCalls.set(id, call)
        worker.postMessage(id)
        await answer
        worker.unref()
        if (done) openCalls.delete(id)
      }
      return { leaky: () => ask(false), clean: () => ask(true) }
    },
    culprit: /\bopenCalls\b/,
    async end () {
      await thread?.terminate()
    }
  }
}
