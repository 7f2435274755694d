'use strict'

// As PM2's cluster mode does: takes what is written to stderr some turns after the preloads, tells it on
// stdout, and sets the variables only then.
const settings = JSON.parse(process.env.pm2_env)
Object.assign(process.env, settings)
delete process.env.pm2_env

setImmediate(() => {
  const { write } = process.stdout
  process.stderr.write = (text) => Reflect.apply(write, process.stdout, [`taken: ${text}`])
  setTimeout(() => {
    require('../..').gc()
    setTimeout(() => process.exit(), 100)
  }, 1500)
})
