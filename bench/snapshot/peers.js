'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const HOME = path.join(__dirname, '..', '..', '.cache', 'snapshot-peers')
const DEVTOOLS = 'package/front_end'

/** DevTools translates its messages; its model needs none of that to count bytes. */
const TRANSLATIONS = `
const text = (_, message) => message
export const registerUIStrings = () => ({})
export const getLocalizedString = text, getFormatLocalizedString = text
export const getLazilyComputedLocalizedString = (_, message) => () => message
export const lockedString = (message) => message, serializeUIString = lockedString
export const i18n = { registerUIStrings, getLocalizedString, getFormatLocalizedString, getLazilyComputedLocalizedString, lockedString, serializeUIString, lockedLazyString: (message) => () => message }
export const TimeUtilities = {}, ByteUtilities = {}, NumberFormatter = { defineFormatter: () => ({ format: String }) }
`

/**
 * Installs memlab and DevTools' own model from npm, once.
 * @param {(line: string) => void} log
 * @returns {Record<string, string>} for each peer that could be had, where it is
 */
function installPeers (log) {
  const found = {}
  for (const [name, install] of Object.entries({ memlab: installMemlab, devtools: installDevtools })) {
    try {
      found[name] = install(log)
    } catch (error) {
      log(`${name} cannot be had: ${error.message.split('\n')[0]}`)
    }
  }
  return found
}

function installMemlab (log) {
  const folder = path.join(HOME, 'memlab')
  const module = path.join(folder, 'node_modules', '@memlab', 'heap-analysis')
  if (!fs.existsSync(module)) npm(log, folder, '@memlab/heap-analysis@2.0.5', '@memlab/core@2.0.5')
  return module
}

/** Its sources are TypeScript that imports half of DevTools; esbuild makes one file of the model. */
function installDevtools (log) {
  const folder = path.join(HOME, 'devtools')
  const bundle = path.join(folder, 'model.mjs')
  if (fs.existsSync(bundle)) return bundle
  npm(log, folder, 'esbuild@0.25.12')
  execFileSync('npm', ['pack', 'chrome-devtools-frontend@1.0.1705227', '--silent'], { cwd: folder, stdio: 'ignore' })
  const archive = fs.readdirSync(folder).find((file) => file.endsWith('.tgz'))
  const wanted = ['entrypoints/heap_snapshot_worker', 'models/heap_snapshot', 'core'].map((part) => `${DEVTOOLS}/${part}`)
  execFileSync('tar', ['xzf', archive, ...wanted], { cwd: folder })
  fs.rmSync(path.join(folder, archive))
  const worker = `./${DEVTOOLS}/entrypoints/heap_snapshot_worker`
  fs.writeFileSync(path.join(folder, 'entry.ts'), `export * from '${worker}/HeapSnapshot.ts'\nexport * from '${worker}/HeapSnapshotLoader.ts'\n`)
  const textUtils = path.join(folder, DEVTOOLS, 'core/text_utils/TextUtils.ts')
  fs.writeFileSync(path.join(folder, 'build.js'), `
const replace = {
  name: 'replace',
  setup (build) {
    build.onResolve({ filter: /i18n\\/i18n\\.js$|i18nImpl\\.js$/ }, () => ({ path: 'i18n', namespace: 'replaced' }))
    build.onResolve({ filter: /core\\/text_utils\\/text_utils\\.js$/ }, () => ({ path: 'text', namespace: 'replaced' }))
    build.onLoad({ filter: /i18n/, namespace: 'replaced' }, () => ({ contents: ${JSON.stringify(TRANSLATIONS)}, loader: 'js' }))
    build.onLoad({ filter: /text/, namespace: 'replaced' }, () => ({ contents: ${JSON.stringify(`export * as TextUtils from ${JSON.stringify(textUtils)}`)}, loader: 'ts', resolveDir: __dirname }))
  }
}
require('esbuild').build({ entryPoints: ['entry.ts'], bundle: true, platform: 'node', format: 'esm', outfile: 'model.mjs', logLevel: 'error', plugins: [replace] }).catch(() => process.exit(1))
`)
  execFileSync(process.execPath, ['build.js'], { cwd: folder, stdio: 'ignore' })
  return bundle
}

function npm (log, folder, ...packages) {
  log(`installing ${packages.join(' ')}`)
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), '{}')
  const env = { ...process.env, PUPPETEER_SKIP_DOWNLOAD: '1' }
  execFileSync('npm', ['install', ...packages, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, env, stdio: 'ignore' })
}

module.exports = { installPeers }
