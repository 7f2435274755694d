'use strict'

const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')

/**
 * What a bundler makes of a program that requires tidemark, in one function a module: all files in one,
 * which has the `__dirname` of the bundle. The native module stays outside, as with `--external:*.node`.
 * @param {string} entry
 * @param {string} bundle where to write
 */
function bundle (entry, bundle) {
  const modules = new Map()
  const add = (file) => {
    if (modules.has(file)) return
    modules.set(file, null)
    if (file === path.join(ROOT, 'binding.js')) {
      modules.set(file, `module.exports = require(${JSON.stringify(file)})`)
      return
    }
    const text = fs.readFileSync(file, 'utf8').replace(/^#!.*/, '')
    if (file.endsWith('.json')) {
      modules.set(file, `module.exports = ${text}`)
      return
    }
    modules.set(file, text.replace(/\brequire\('(\.[^']*|tidemark)'\)/g, (_, name) => {
      const target = require.resolve(name === 'tidemark' ? ROOT : path.resolve(path.dirname(file), name))
      add(target)
      return `bundled(${JSON.stringify(target)})`
    }))
  }
  add(entry)
  const parts = [...modules].map(([file, text]) => `${JSON.stringify(file)}: (module, exports) => {\n${text}\n}`)
  fs.writeFileSync(bundle, `const cache = {}
function bundled (file) {
  if (cache[file] === undefined) {
    cache[file] = { exports: {} }
    modules[file](cache[file], cache[file].exports)
  }
  return cache[file].exports
}
const modules = {
${parts.join(',\n')}
}
bundled(${JSON.stringify(entry)})
`)
}

module.exports = { bundle }
