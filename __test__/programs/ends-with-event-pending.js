'use strict'

const tidemark = require('../..')

tidemark.on('stats', () => {})
tidemark.gc()
const how = process.argv[2]
if (how === 'exit') process.exit(0)
if (how === 'throw') throw new Error('the app ends')
