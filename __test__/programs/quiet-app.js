'use strict'

// An app that knows nothing of tidemark. What it prints must be all that stdout gets.

const { Worker, isMainThread } = require('node:worker_threads')

console.log('the app ran')
if (isMainThread && process.argv[2] === 'worker') new Worker(__filename, { name: 'mails' }).on('exit', (code) => { process.exitCode = code })
