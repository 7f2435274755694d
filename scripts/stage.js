'use strict'

// Puts together what is published, in folders that `npm publish` takes as they are: the main package
// and one package for each platform, tied to it by an optional dependency of the same version.
//   node scripts/stage.js --artifacts DIR [--out DIR]
//
// The optional dependencies stand only here and not in the package.json of the tree: there they
// would make every `npm install` of a clone ask the registry for packages that this very version
// has not published yet, and take whatever somebody else published under these names.

const { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { ROOT, exitWith } = require('./steps')

/** Of use in the tree only. No scripts, so that there can be no install script. */
const PRIVATE_FIELDS = ['scripts', 'devDependencies', 'napi']

/** Beside what package.json lists, where they exist. */
const PAPERS = ['README.md', 'LICENSE']

function readJson (...parts) {
  return JSON.parse(readFileSync(path.join(ROOT, ...parts), 'utf8'))
}

function platforms () {
  return readdirSync(path.join(ROOT, 'npm')).sort()
}

/**
 * @param {string} folder where the package comes to stand; what is there is removed
 * @param {string[]} [names] platforms that it asks for
 */
function stageMain (folder, names = platforms()) {
  const manifest = readJson('package.json')
  for (const field of PRIVATE_FIELDS) delete manifest[field]
  manifest.optionalDependencies = Object.fromEntries(names.map((name) => [`tidemark-${name}`, manifest.version]))
  write(folder, manifest, [...manifest.files, ...PAPERS].map((name) => path.join(ROOT, name)))
  // Grafana reads it, and nobody else: without its 6 kB of blanks.
  const dashboard = path.join('ops', 'grafana', 'tidemark.json')
  writeFileSync(path.join(folder, dashboard), JSON.stringify(readJson(dashboard)))
}

/**
 * @param {string} folder
 * @param {string} name a platform
 * @param {string} addon the .node file
 */
function stagePlatform (folder, name, addon) {
  const manifest = readJson('npm', name, 'package.json')
  const { version } = readJson('package.json')
  if (manifest.version !== version) throw new Error(`npm/${name}/package.json is of version ${manifest.version}, the main package of ${version}.`)
  if (!existsSync(addon)) throw new Error(`There is no ${addon}: the build of ${name} is missing.`)
  write(folder, manifest, [path.join(ROOT, 'npm', name, 'README.md'), path.join(ROOT, 'LICENSE')])
  cpSync(addon, path.join(folder, manifest.main))
}

/**
 * Pictures, and what was measured and why, are for who reads the docs in the repository; tests for who changes what they
 * test. What is installed with each app has what helps to use it.
 */
function isPublished (file) {
  return path.basename(file) !== 'images' && !/\.svg$|\.test\.yml$|[\\/]docs[\\/](?:costs|threat-model|verdict)\.md$/.test(file)
}

function write (folder, manifest, files) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const file of files) {
    if (existsSync(file)) cpSync(file, path.join(folder, path.basename(file)), { recursive: true, filter: isPublished })
  }
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** The .node file of a platform, somewhere below `artifacts`. */
function findAddon (artifacts, name) {
  const wanted = `tidemark.${name}.node`
  const found = readdirSync(artifacts, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(artifacts, entry.name)
    if (entry.isDirectory()) return findAddon(file, name) ?? []
    return entry.name === wanted ? file : []
  })
  return found[0]
}

function main () {
  const { values } = parseArgs({
    options: { artifacts: { type: 'string' }, out: { type: 'string', default: path.join(ROOT, '.cache', 'publish') } }
  })
  if (values.artifacts === undefined) throw new Error('Say where the built .node files are: --artifacts DIR')
  for (const name of platforms()) {
    const addon = findAddon(values.artifacts, name) ?? path.join(values.artifacts, `tidemark.${name}.node`)
    stagePlatform(path.join(values.out, `tidemark-${name}`), name, addon)
  }
  stageMain(path.join(values.out, 'tidemark'))
  console.log(`staged ${platforms().length + 1} packages in ${values.out}`)
}

module.exports = { stageMain, stagePlatform, platforms }

if (require.main === module) {
  try {
    main()
  } catch (error) {
    exitWith(error)
  }
}
