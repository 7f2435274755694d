'use strict'

// The script of the live page. Runs in a browser: what it shows comes by events, and is text wherever it stands.

const { listenToButtons } = require('./actions')
const { draw, listenToReader } = require('./charts')
const { latest } = require('./latest')
const { showProcesses } = require('./processes')
const { follow } = require('./stream')
const { showSuspects } = require('./suspects')
const { showVerdict } = require('./verdict')

function show () {
  const face = /** @type {Record<string, any>} */ (latest.face)
  showVerdict(face)
  showProcesses(face.processes ?? [])
  showSuspects(face.suspects, face.state)
  draw()
}

listenToButtons()
listenToReader()
follow(show)
