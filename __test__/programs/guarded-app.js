'use strict'

// Runs on any runtime: with the guard that ERR_TIDEMARK_UNSUPPORTED_RUNTIME gives, and without it.
if (!process.versions.bun && !process.versions.deno && parseInt(process.versions.node) >= 18) require('../..')
let code
try {
  require('../..')
} catch (error) {
  code = error.code
}
console.log(JSON.stringify({ code }))
