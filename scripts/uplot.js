'use strict'

// Copies the charts of the live page, as uPlot publishes them, into lib/dashboard/uplot: tidemark has no dependency at
// run time. Run it after a change of uPlot's version: node scripts/uplot.js

const { copyFileSync } = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./steps')

/** What is copied, by the name that it has here. */
const FILES = {
  'uplot.min.js': 'dist/uPlot.iife.min.js',
  'uplot.min.css': 'dist/uPlot.min.css',
  'LICENSE.txt': 'LICENSE'
}

const FROM = path.join(ROOT, 'node_modules', 'uplot')
const TO = path.join(ROOT, 'lib', 'dashboard', 'uplot')

module.exports = { FILES, FROM, TO }

if (require.main === module) {
  for (const [name, file] of Object.entries(FILES)) copyFileSync(path.join(FROM, file), path.join(TO, name))
}
