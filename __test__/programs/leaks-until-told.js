'use strict'

// Leaks until the test, which reads its stderr, ends it. With 'worker' a worker thread does.

const { Worker, isMainThread } = require('node:worker_threads')

if (isMainThread && process.argv[2] === 'worker') {
  new Worker(__filename)
} else {
  const kept = []
  setInterval(() => {
    for (let i = 0; i < 100; i++) kept.push(new Array(100).fill(i))
    for (let i = 0; i < 3000; i++) new Array(100).fill(i)
  }, 5)
}
