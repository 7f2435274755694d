'use strict'

// Reading makes JavaScript objects, making objects collects, collecting records: the hook must find
// the recorder free every time.
const tidemark = require('../..')

tidemark.start({ historySize: 4096 })
tidemark.on('gc', () => {})
tidemark.on('stats', () => {})
for (let i = 0; i < 20; i++) tidemark.gc()

let statuses = 0
let kept = []
const end = Date.now() + 3000
function turn () {
  for (let i = 0; i < 50; i++) {
    kept.push(tidemark.status(), tidemark.history())
    statuses++
    if (kept.length > 400) kept = []
  }
  if (Date.now() < end || statuses <= 1000) return setImmediate(turn)
  const { problems, gc } = tidemark.status()
  tidemark.stop()
  console.log(JSON.stringify({ problems, statuses, majors: gc.major.count }))
}
turn()
