'use strict'

const tidemark = require('../..')

const before = tidemark.status().running
tidemark.express()
const running = !before && tidemark.status().running
const onLeak = () => {}
tidemark.once('leak', onLeak)
tidemark.off('leak', onLeak)
const afterOnce = tidemark.status().running
let code
try {
  tidemark.start({ detector: 'memwatch' })
} catch (error) {
  code = error.code
}
tidemark.express() // running, so left as it is
console.log(JSON.stringify({ running, afterOnce, detector: tidemark.status().detector, code }))
