'use strict'

const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { messageOf } = require('../../errors')
const { createHandler } = require('../../dashboard/handler')
const { Recordings } = require('../../dashboard/recordings')
const { plain } = require('../../plain')
const { UsageError } = require('../arguments')

const MOST_STREAMS = 50

async function run ({ binding, files: [given], options: { port = 0 }, terminal, work }) {
  const directory = given ?? process.env.TIDEMARK_RECORDER
  if (directory === undefined || directory === '') {
    throw new UsageError("'tidemark dashboard' needs the recorder's folder: tidemark dashboard DIR, or TIDEMARK_RECORDER=DIR.")
  }
  const { signal } = work(directory)
  const { server, close } = serve(binding, path.resolve(directory))
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening', { signal })
  } catch (error) {
    if (signal.aborted) throw error
    throw new Error(`The page cannot be served on port ${port}: ${error.message}. Without --port one that is free is taken.`, { cause: error })
  }
  terminal.print(`The processes of ${plain(directory)}: http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/\n`)
  if (!signal.aborted) await once(signal, 'abort')
  close()
  return { text: '' }
}

function serve (binding, directory) {
  const recordings = new Recordings(binding, directory, () => {
    for (const subject of streams.subjects) streams.send(subject, 'view', () => recordings.view(subject))
    return streams.count > 0
  })
  try {
    recordings.check()
  } catch (error) {
    throw new Error(`The recorder's folder '${directory}' cannot be read: ${messageOf(error)}.`, { cause: error })
  }
  const { handle, streams } = createHandler({
    source: recordings,
    actions: {},
    hosts: [],
    isHostChecked: true,
    maxStreams: MOST_STREAMS,
    path: '/'
  })
  const server = http.createServer((req, res) => handle(req, res))
  function close () {
    streams.close()
    recordings.close()
    server.close()
    server.closeAllConnections?.()
  }
  return { server, close }
}

module.exports = { run }
