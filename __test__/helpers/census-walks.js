'use strict'

const { CensusEvidence } = require('../../lib/evidence/census')
const { createMeans } = require('./means')

/**
 * What the census finds in this process while `work` goes on between its walks.
 * @param {() => void} work
 * @param {number} walks
 * @returns {Promise<{findings: object[], problems: string[]}>}
 */
async function censusOf (work, walks) {
  const evidence = new CensusEvidence(createMeans(), 50)
  evidence.start()
  const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms) })
  for (let walked = 1; walked <= walks; walked++) {
    while (evidence.cost.walks < walked) {
      await wait(10)
      evidence.tick()
    }
    work()
  }
  const findings = await evidence.findings()
  evidence.stop()
  return { findings, problems: evidence.problems }
}

module.exports = { censusOf }
