'use strict'

// A leak to be found in snapshots: writes one before and one after it, to the paths given.
const v8 = require('node:v8')

class Session {
  constructor (id) {
    this.id = id
    // By way of bytes: V8 writes no contents of a string that is still made of two.
    this.cookie = Buffer.from(`secret-cookie-of-user-${id}`).toString('latin1')
  }
}

const sessions = new Map()

function serve (count) {
  for (let n = 0; n < count; n++) {
    const id = sessions.size
    sessions.set(id, new Session(id))
  }
}

serve(2000)
v8.writeHeapSnapshot(process.argv[2])
serve(8000)
v8.writeHeapSnapshot(process.argv[3])
console.log(JSON.stringify(sessions.size))
