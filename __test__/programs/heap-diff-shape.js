'use strict'

// A HeapDiff as memwatch's users write it, and the one that analyses on another thread.
const { HeapDiff } = require('../..')

class Session {
  constructor (n) { this.owner = { n } }
}

const thrown = (work) => {
  try {
    work()
  } catch (error) {
    return { name: error.name, message: error.message, code: error.code, isTypeError: error instanceof TypeError }
  }
}

async function main () {
  const kept = []
  let gone = Array.from({ length: 3000 }, (_, n) => new Session(n))

  const hd = new HeapDiff()
  for (let n = 0; n < 10000; n++) kept.push(new Session(n))
  gone = gone.slice(0, 1000)
  const classic = hd.end()
  const again = thrown(() => hd.end())
  const calledWithoutNew = thrown(() => HeapDiff())

  const phases = new Set()
  const diff = await HeapDiff.start({ onProgress: ({ phase }) => phases.add(phase) })
  for (let n = 0; n < 5000; n++) kept.push(new Session(n))
  const finished = await diff.finish()
  const finishedAgain = await diff.finish().catch((error) => error.message)

  console.log(JSON.stringify({ classic, again, calledWithoutNew, finished, finishedAgain, kept: kept.length + gone.length }))
}

main()
