'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { TOOLS } = require('./tools')

const execFileAsync = promisify(execFile)

/**
 * Asks a tool about the functions of each pair, each time in a new process, where all is cold as in a test.
 * @param {string} tool of TOOLS
 * @param {[string, object][]} pairs
 * @param {{node: object, budget: number, folder: string, repeats: number, sides: string[], progress: (text: string) => void}} options
 * @returns {Promise<object[]>} one result for each question
 */
async function inProcesses (tool, pairs, { node, budget, folder, repeats, sides, progress }) {
  const results = []
  const all = pairs.length * sides.length * repeats
  for (let i = 0; i < repeats; i++) {
    for (const [name, { file }] of pairs) {
      for (const side of sides) {
        const question = JSON.stringify({ tool, file, name, side, budget, folder })
        const deadline = { timeout: budget * 4 + 60000, maxBuffer: 1 << 26, cwd: folder }
        const answer = await execFileAsync(node.binary, [...TOOLS[tool].execArgv, '--no-warnings', path.join(__dirname, 'judge.js'), question], deadline)
          .then(({ stdout }) => JSON.parse(stdout))
          .catch((error) => ({ outcome: 'failed', message: `${error.message}\n${error.stderr ?? ''}`, ms: 0 }))
        results.push({ name, side, ...answer })
        progress(`${results.length} of ${all}`)
      }
    }
  }
  return results
}

module.exports = { inProcesses }
