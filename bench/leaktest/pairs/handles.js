'use strict'

const { execFile } = require('node:child_process')
const dgram = require('node:dgram')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const { MessageChannel, Worker } = require('node:worker_threads')

/** What the leaky ones left open, by what closes it. */
const left = { server: [], socket: [], client: [], watcher: [], port: [], thread: [] }
let listener

function closeAll (list, close) {
  return Promise.all(list.splice(0).map(close))
}

module.exports = {
  'servers-left-listening': {
    kind: 'sockets and servers',
    make () {
      return {
        async leaky () {
          const server = net.createServer().listen(0, '127.0.0.1')
          left.server.push(server)
          await once(server, 'listening')
        },
        async clean () {
          const server = net.createServer().listen(0, '127.0.0.1')
          await once(server, 'listening')
          server.close()
          await once(server, 'close')
        }
      }
    },
    culprit: /\bservers?\b/i,
    resource: true,
    end: () => closeAll(left.server, (server) => server.close())
  },

  'datagram-sockets-left-bound': {
    kind: 'sockets and servers',
    make () {
      return {
        async leaky () {
          const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
          left.socket.push(socket)
          await once(socket, 'listening')
        },
        async clean () {
          const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
          await once(socket, 'listening')
          socket.close()
          await once(socket, 'close')
        }
      }
    },
    culprit: /\bsockets?\b|\bUDP/i,
    resource: true,
    end: () => closeAll(left.socket, (socket) => socket.close())
  },

  'connections-left-open': {
    kind: 'sockets and servers',
    make () {
      listener?.close()
      listener = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
      listener.unref()
      const server = listener
      const connect = async () => {
        if (!server.listening) await once(server, 'listening')
        const client = net.connect(server.address().port, '127.0.0.1')
        await once(client, 'connect')
        return client
      }
      return {
        async leaky () {
          left.client.push(await connect())
        },
        async clean () {
          const client = await connect()
          client.resume()
          client.end('bye')
          await once(client, 'close')
        }
      }
    },
    culprit: /\bsockets?\b|\bclients?\b|\bconnections?\b/i,
    resource: true,
    end () {
      listener?.close()
      return closeAll(left.client, (client) => client.destroy())
    }
  },

  'watchers-of-a-folder': {
    kind: 'native handles',
    make () {
      return {
        leaky () {
          left.watcher.push(fs.watch(__dirname, () => {}))
        },
        clean () {
          fs.watch(__dirname, () => {}).close()
        }
      }
    },
    culprit: /\bwatchers?\b|\bFSWatcher|\bFSEvent|\bfs\.watch\b/i,
    resource: true,
    end: () => closeAll(left.watcher, (watcher) => watcher.close())
  },

  'ports-left-open': {
    kind: 'native handles',
    make () {
      return {
        leaky () {
          const { port1, port2 } = new MessageChannel()
          port1.on('message', () => {})
          left.port.push(port1)
          port2.postMessage('hello')
        },
        async clean () {
          const { port1, port2 } = new MessageChannel()
          const answer = once(port1, 'message')
          port2.postMessage('hello')
          await answer
          port1.close()
          await once(port1, 'close')
        }
      }
    },
    culprit: /\bMessagePorts?\b|\bports?\b/i,
    resource: true,
    end: () => closeAll(left.port, (port) => port.close())
  },

  'workers-left-running': {
    kind: 'workers',
    make () {
      const start = async () => {
        const worker = new Worker('setInterval(() => {}, 60000)', { eval: true })
        await once(worker, 'online')
        return worker
      }
      return {
        async leaky () {
          left.thread.push(await start())
        },
        async clean () {
          await (await start()).terminate()
        }
      }
    },
    culprit: /\bworkers?\b|\bthreads?\b/i,
    calls: 'slow',
    resource: true,
    end: () => closeAll(left.thread, (worker) => worker.terminate())
  },

  'output-of-children-kept': {
    kind: 'child processes',
    make () {
      const commandOutputs = []
      const run = () => new Promise((resolve, reject) => {
        execFile('true', (error, stdout) => error ? reject(error) : resolve({ stdout, lines: Array.from({ length: 20 }, (_, i) => ({ i })) }))
      })
      return {
        async leaky () {
          commandOutputs.push(await run())
        },
        async clean () {
          return (await run()).lines.length
        }
      }
    },
    culprit: /\bcommandOutputs\b/,
    calls: 'slow'
  }
}
