'use strict'

const { disturbers, runner } = require('./environment')
const { testForLeak } = require('./test')

const BUDGET_MS = 3000

/** What is planted: it has to be named. */
class PlantedLeak {
  constructor (number) { this.number = number }
}

/**
 * Plants a leak and its clean twin, and says whether both are seen here: by this Node.js, with these flags, this runner, its
 * transpiler and its coverage.
 * @param {typeof import('../../binding')} binding
 */
async function selfCheck (binding) {
  const planted = new Map()
  const clean = new Map()
  const options = { budget: BUDGET_MS, deadline: Infinity, explain: true, artifacts: undefined, ignore: [] }
  const leak = await testForLeak(binding, () => { planted.set(`key ${planted.size}`, new PlantedLeak(planted.size)) }, options, { own: true })
  planted.clear()
  const twin = await testForLeak(binding, () => { clean.set('key', new PlantedLeak(clean.size)) }, options, { own: true })
  const namesIt = leak.suspects.some((suspect) => suspect.class === PlantedLeak.name && /planted/.test([suspect.holder, ...suspect.path].join(' ')))
  const found = disturbers()
  const problems = [
    ...leak.verdict === 'leaks' ? [] : [`A planted leak was not seen: ${leak.message}`],
    ...leak.verdict === 'leaks' && !namesIt ? [`A planted leak was seen and not named: ${leak.message}`] : [],
    ...twin.verdict === 'clean' ? [] : [`Its clean twin was not found clean: ${twin.message}`]
  ]
  return {
    ok: problems.length === 0,
    seesLeak: leak.verdict === 'leaks',
    namesLeak: namesIt,
    seesClean: twin.verdict === 'clean',
    problems,
    disturbers: found,
    node: process.version,
    runner: runner(),
    elapsedMs: leak.elapsedMs + twin.elapsedMs
  }
}

module.exports = { selfCheck }
