'use strict'

// The same shop, with the request taken out of the Map when it is done.
process.env.LEAK = '0'
require('./app.js')
