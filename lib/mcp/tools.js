'use strict'

const { RefusedError } = require('./folders')

/**
 * @typedef {{type: 'string', minimum?: undefined, maximum?: undefined, description: string} |
 *   {type: 'integer', minimum: number, maximum: number, description: string}} Property
 */

/** @type {Property} */
const FILE = { type: 'string', description: 'A .heapsnapshot file, absolute or within the folders that were named at start' }
/** @type {Property} */
const FOLDER = { type: 'string', description: 'The recorder\'s folder. Default: all folders that were named at start' }
/** @type {Property} */
const ROWS = { type: 'integer', minimum: 1, maximum: 100, description: 'How many rows at most. Default: 20' }

/**
 * What an agent may ask. Each is a command of the CLI, whose Markdown is the answer.
 *
 * @typedef {{
 *   description: string,
 *   properties: Record<string, Property>,
 *   required: string[],
 *   commands: (input: Record<string, any>, folders: InstanceType<typeof import('./folders').Folders>) => string[][],
 *   listing?: boolean
 * }} Tool `commands`: one or more, whose answers follow each other; `listing`: the heap snapshots in the folders follow them
 *
 * @type {Record<string, Tool>}
 */
const TOOLS = {
  processes: {
    description: 'Node.js processes that record themselves by tidemark, living and dead: state, memory, growth, time left, the first suspect. Also lists the heap snapshots that can be asked about. Start here.',
    properties: { folder: FOLDER },
    required: [],
    commands: ({ folder }, folders) => foldersOf(folder, folders).map((each) => command('ps', { all: true }, each)),
    listing: true
  },
  leaks: {
    description: 'Leaks that were reported by recorded processes, the newest first: what grows and how fast, who causes it with file and line, how long is left.',
    properties: { folder: FOLDER, pid: { type: 'integer', minimum: 1, maximum: 4294967295, description: 'Of this process alone' } },
    required: [],
    commands: ({ folder, pid }, folders) => foldersOf(folder, folders).map((each) => command('leaks', { pid }, each))
  },
  snapshot_summary: {
    description: 'What is in a heap snapshot: sizes by kind, classes by the memory that they keep alive.',
    properties: { file: FILE, rows: ROWS },
    required: ['file'],
    commands: ({ file, rows }, folders) => [command('summary', { rows }, folders.file(file))]
  },
  snapshot_suspects: {
    description: 'What looks like a leak in a heap snapshot, with who holds it. With `before`, an earlier snapshot of the same process, what grew: far more certain.',
    properties: { file: FILE, before: FILE },
    required: ['file'],
    commands: ({ file, before }, folders) => [command('suspects', {}, ...before === undefined ? [] : [folders.file(before)], folders.file(file))]
  },
  snapshot_path: {
    description: 'Why an object of a heap snapshot lives: the references from the root to it. Of a node by its id, or of a class the object that keeps most memory alive.',
    properties: {
      file: FILE,
      node: { type: 'integer', minimum: 1, maximum: 4294967295, description: 'The id of a node, as the other tools say it' },
      class: { type: 'string', description: 'The name of a class, where `node` is not given' }
    },
    required: ['file'],
    commands ({ file, node, class: name }, folders) {
      if ((node === undefined) === (name === undefined)) throw new RefusedError('Give one of `node` and `class`.')
      return [command('path', { node, class: name }, folders.file(file))]
    }
  },
  snapshot_diff: {
    description: 'What became more from one heap snapshot to a later one of the same process, class by class.',
    properties: { before: FILE, after: FILE, rows: ROWS },
    required: ['before', 'after'],
    commands: ({ before, after, rows }, folders) => [command('diff', { rows }, folders.file(before), folders.file(after))]
  }
}

function foldersOf (folder, folders) {
  return folder === undefined ? folders.all() : [folders.folder(folder)]
}

/** Values stand behind `=`, and files behind `--`: none is taken for an option. */
function command (name, options, ...files) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return [name, '--format=md', ...given.map(([option, value]) => value === true ? `--${option}` : `--${option}=${value}`), '--', ...files]
}

/**
 * @param {Tool} tool
 * @param {unknown} input what a client sent
 * @returns {Record<string, any>} its own properties alone
 * @throws {RefusedError}
 */
function readInput ({ properties, required }, input) {
  const given = Object.entries(Object(input)).filter(([, value]) => value !== undefined && value !== null)
  const known = Object.keys(properties).map((name) => `\`${name}\``).join(', ')
  for (const [name, value] of given) {
    if (!Object.hasOwn(properties, name)) throw new RefusedError(`There is no \`${name.slice(0, 40).replace(/[^\w-]/g, '·')}\`. There are: ${known}.`)
    const { type, minimum, maximum } = properties[name]
    if (type === 'string' ? typeof value !== 'string' || value === '' : !(Number.isInteger(value) && value >= minimum && value <= maximum)) {
      throw new RefusedError(`Expected \`${name}\` to be ${type === 'string' ? 'a text' : `a whole number, ${minimum} to ${maximum}`}.`)
    }
  }
  const missing = required.filter((name) => !given.some(([each]) => each === name))
  if (missing.length > 0) throw new RefusedError(`\`${missing[0]}\` is missing: ${properties[missing[0]].description}.`)
  return Object.assign(Object.create(null), Object.fromEntries(given))
}

module.exports = { TOOLS, readInput }
