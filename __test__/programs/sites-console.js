'use strict'

// What the app logs while it is sampled must not stay: run with --expose-gc.
const { Console } = console
const { setTimeout: wait } = require('node:timers/promises')
const { SiteEvidence } = require('../../lib/evidence/sites')
const { createMeans } = require('../helpers/means')

async function main () {
  const evidence = new SiteEvidence(createMeans())
  evidence.start()
  await wait(600)
  const logged = []
  const log = (object) => {
    logged.push(new WeakRef(object))
    console.error(object)
  }
  for (let i = 0; i < 50; i++) log({ i, much: new Array(1000).fill(i) })
  const alive = async () => {
    for (let i = 0; i < 5; i++) {
      await wait(20)
      global.gc()
    }
    return logged.filter((reference) => reference.deref() !== undefined).length
  }
  const before = await alive()
  evidence.tick(performance.now(), { fullGcs: 1, level: 1 })
  const after = await alive()
  evidence.stop()
  new Console(process.stdout).log(JSON.stringify({ before, after, problems: evidence.problems }))
}

main()
