'use strict'

const { census } = require('../..')

const huge = new Map()
for (let i = 0; i < 1e7; i++) huge.set(i, i)
exports.size = () => huge.size

census().then(({ containers: [largest], cost, problems }) => {
  process.stdout.write(JSON.stringify({ largest, cost, problems }))
})
