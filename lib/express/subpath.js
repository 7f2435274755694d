'use strict'

/** `require('tidemark/express')` is `require('tidemark').express`: one middleware, one count. */
module.exports = require('../../index.js').express
