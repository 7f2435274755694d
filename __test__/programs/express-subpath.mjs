import { createRequire } from 'node:module'
import imported, { express } from 'tidemark'
import subpath from 'tidemark/express'

const require = createRequire(import.meta.url)
console.log(JSON.stringify({
  same: require('tidemark/express') === require('tidemark').express,
  imported: subpath === imported.express && subpath === express && typeof subpath.status === 'function'
}))
