'use strict'

// An app that leaks, takes a profile of itself and prints what came of it: node profile-app.js
// OPTIONS [abort|twice|debugger|stopped]
const inspector = require('node:inspector')
const { setTimeout: wait } = require('node:timers/promises')
const { profile } = require('../../lib/profile')

const [options = '{}', mode] = process.argv.slice(2)
const kept = []
const garbage = (i) => { for (let k = 0; k < 20; k++) JSON.parse(`{"garbage": [${i}, {"k": ${k}}]}`) }

function leakyStore (i) {
  kept.push({ id: i, name: `name ${i}`, tags: [i, i + 1] })
}

const evil = {
  '</script><script>alert(1)</script>' (i) {
    kept.push({ id: i, name: `evil ${i}` })
  }
}

// Called through a list, or V8 inlines them into their caller.
const calls = [leakyStore, garbage, ...Object.values(evil), Math.abs, String]

const modes = {
  async abort () {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 500)
    return profile({ ...JSON.parse(options), signal: controller.signal })
  },
  async twice () {
    const first = profile(JSON.parse(options))
    const error = await wait(400).then(() => profile()).catch((error) => error)
    await first
    throw error
  },
  async debugger () {
    inspector.open(0)
    return profile(JSON.parse(options)).finally(() => inspector.close())
  },
  async stopped () {
    setTimeout(() => {
      const session = new inspector.Session()
      session.connect()
      session.post('HeapProfiler.stopSampling', () => session.disconnect())
    }, 600)
    return profile(JSON.parse(options))
  }
}

async function main () {
  let i = 0
  const work = setInterval(() => {
    for (let n = 0; n < 20; n++) {
      i++
      for (const call of calls) call(i)
    }
  }, 2)
  try {
    const { profile: taken, ...rest } = await (modes[mode] ?? (() => profile(JSON.parse(options))))()
    console.log(JSON.stringify({ ...rest, root: taken.head.callFrame.functionName, samples: taken.samples.length }))
  } catch ({ code, message, name }) {
    console.log(JSON.stringify({ error: { code, message, name } }))
  }
  clearInterval(work)
}

main()
