'use strict'

const { latest } = require('./latest')
const { lines } = require('./lines')

/** `reaches`: the reader wants the memory chart to go up to them. */
const limits = { reaches: false }

function limitOf ({ limit }) {
  return (latest.face?.limits ?? []).find((each) => each.limit === limit)
}

/** Of lines that are shown. */
function limitsShown () {
  return (latest.face?.limits ?? []).filter(({ of }) => lines.memory.some(({ name, isHidden }) => name === of && !isHidden))
}

module.exports = { limitOf, limits, limitsShown }
