'use strict'

// An app beside packages with large tables, and many objects of one name.
const express = require('express')
const tidemark = require('../..')

class Session {
  items = []
}

const app = express()
const sessions = Array.from({ length: 30 }, () => new Session())
for (const { items } of sessions) items.push(1, 2)
const known = new Map(Array.from({ length: 20 }, (_, i) => [i, {}]))
app.get('/', () => [sessions, known])
exports.app = app

tidemark.census().then((census) => process.stdout.write(JSON.stringify(census)))
