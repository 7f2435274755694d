'use strict'

const fs = require('node:fs/promises')
const path = require('node:path')
const { UsageError } = require('../arguments')

/**
 * Before minutes are spent on the analysis: whether the report can be written there, and not over one
 * of the snapshots that it is made from.
 * @param {string} target
 * @param {string[]} inputs
 * @throws a sentence
 */
async function checkTarget (target, inputs) {
  const there = await identityOf(target)
  if (there?.isDirectory()) throw cannotWrite(target, 'it is a folder')
  for (const input of there === undefined ? [] : inputs) {
    const { dev, ino } = await identityOf(input) ?? {}
    // By whatever name: a link to a snapshot is that snapshot.
    if (dev === there?.dev && ino === there?.ino) throw new UsageError(`The report would replace '${input}', which it is made from. Give --html another name.`)
  }
  const folder = path.dirname(path.resolve(target))
  try {
    await fs.access(folder, fs.constants.W_OK)
  } catch ({ code }) {
    throw cannotWrite(target, code === 'ENOENT' ? `there is no folder '${folder}'` : `the folder '${folder}' cannot be written to (${code})`)
  }
}

/** @returns {Promise<import('node:fs').BigIntStats | undefined>} undefined where there is nothing */
function identityOf (file) {
  return fs.stat(file, { bigint: true }).catch(() => undefined)
}

function cannotWrite (target, why) {
  return new Error(`The report cannot be written to '${target}': ${why}.`)
}

module.exports = { checkTarget }
