'use strict'

// As nodemon does: starts an app, here one that wants its snapshots by SIGUSR2, by way of a shell.
const { spawn } = require('node:child_process')

const app = `const tidemark = require(${JSON.stringify(require.resolve('../..'))})
tidemark.start({ signal: 'SIGUSR2' })
console.log(JSON.stringify({ problems: tidemark.status().problems, listeners: process.listenerCount('SIGUSR2') }))
process.exit()`
spawn('sh', ['-c', '"$0" -e "$1"; true', process.execPath, app], { stdio: 'inherit' })
