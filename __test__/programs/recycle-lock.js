'use strict'

// Takes a lock again and again, proves that nobody else has it meanwhile, and dies at random with it.
// Arguments: the folder, the file that proves it, how often.

const { closeSync, openSync, rmSync } = require('node:fs')
const { setTimeout: wait } = require('node:timers/promises')
const binding = require('../../binding.js')
const { Lock } = require('../../lib/recycle/lock')

const [directory, proof, times] = process.argv.slice(2)

async function main () {
  for (let taken = 0; taken < Number(times);) {
    const lock = new Lock(binding, directory, 'shop.recycle')
    if (await lock.take(60000) !== undefined) {
      await wait(Math.random() * 3)
      continue
    }
    taken++
    // Throws where another one has it.
    closeSync(openSync(proof, 'wx'))
    await wait(Math.random() * 3)
    rmSync(proof)
    if (Math.random() < 0.2) process.kill(process.pid, 'SIGKILL')
    await lock.release()
  }
}

main()
