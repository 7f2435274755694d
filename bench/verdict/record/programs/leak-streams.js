'use strict'

// One response in eight is compressed by a stream that nobody ends; what zlib holds is malloc's.
const zlib = require('node:zlib')

exports.label = 'leak'
exports.channel = 'native'
exports.run = (load) => {
  const open = new Set()
  load.rate(240, async (i) => {
    await load.handle(i)
    const gzip = zlib.createGzip({ level: 1, memLevel: 5 })
    gzip.resume()
    gzip.write(load.text(2000))
    open.add(gzip)
    gzip.once('close', () => open.delete(gzip))
    if (i % 8 !== 0) gzip.end()
  })
}
