'use strict'

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')

/**
 * A debugger's end of the WebSocket of `--inspect`, as small as can be: Node.js has no client before 22.
 * @param {string} url of `inspector.url()`
 * @returns {Promise<{post: (method: string, params?: object) => Promise<any>, close: () => void}>}
 */
async function attachDebugger (url) {
  const { hostname, port, pathname } = new URL(url)
  const request = http.get({
    hostname,
    port,
    path: pathname,
    headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') }
  })
  const [, socket] = await once(request, 'upgrade')
  const waiting = new Map()
  let received = Buffer.alloc(0)
  let count = 0
  socket.on('data', (data) => {
    received = Buffer.concat([received, data])
    for (let frame = readFrame(received); frame !== undefined; frame = readFrame(received)) {
      received = received.subarray(frame.end)
      const { id, result, error } = JSON.parse(frame.text)
      waiting.get(id)?.(error ? { error } : result)
      waiting.delete(id)
    }
  })
  return {
    post: (method, params) => new Promise((resolve) => {
      const id = ++count
      waiting.set(id, resolve)
      socket.write(frameOf(JSON.stringify({ id, method, params })))
    }),
    close: () => socket.destroy()
  }
}

/** The first frame: where it ends, and its text; undefined while it is not whole. */
function readFrame (bytes) {
  if (bytes.length < 2) return undefined
  const short = bytes[1] & 127
  const start = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < start) return undefined
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  const end = start + length
  return bytes.length < end ? undefined : { end, text: bytes.toString('utf8', start, end) }
}

/** What a client sends is masked; zeros are a mask. */
function frameOf (text) {
  const payload = Buffer.from(text)
  const head = payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload])
}

module.exports = { attachDebugger }
