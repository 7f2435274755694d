'use strict'

const { mapLocation } = require('../source-maps')

/** The quality of a mention from which on it fills. */
const FILLED = 2

/**
 * The line that fills a container. Where only code is known that could, that is no place to send anybody.
 * @param {import('./place').Place} place
 * @returns {import('../suspect').Location | null}
 */
function siteOf (place) {
  const fill = fillOf(place)
  if (fill === undefined) return null
  return mapLocation({ file: fill.file, line: fill.line, column: fill.column, function: fill.function })
}

/** By a method of what has it, or else by a function that sees the variable which it hangs on. */
function fillOf (place) {
  for (let at = place; at.parent !== undefined; at = at.parent) {
    for (const fills of at.fills ?? []) if (fills.has(at.name)) return fills.get(at.name)
  }
  const { site } = anchorOf(place)
  return site?.quality >= FILLED ? site : undefined
}

function anchorOf (place) {
  let at = place
  while (at.parent !== undefined) at = at.parent
  return at
}

module.exports = { anchorOf, fillOf, siteOf }
