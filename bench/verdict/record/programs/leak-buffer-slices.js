'use strict'

// Of each upload a few bytes are kept, and with them the whole buffer.
exports.label = 'leak'
exports.channel = 'external'
exports.run = (load) => {
  const heads = []
  load.rate(240, async (i) => {
    const upload = Buffer.alloc(48 * 1024, i)
    await load.handle(i)
    if (i % 4 === 0) heads.push(upload.subarray(0, 16))
  })
}
