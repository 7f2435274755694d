'use strict'

// Names from a heap, and from an app's clients, may hold anything: a terminal must not obey them, and a
// log must not take them for lines of its own.

// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
/** Of these JSON escapes what is in a text itself; what is left are the line breaks between its parts. */
const LEFT_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** @param {string} text @returns {string} one line that is only seen */
function plain (text) {
  return text.replace(OBEYED, (character) => character === '\n' ? '↵' : escaped(character))
}

/** JSON that says the same and is only seen. */
function plainJson (value, space) {
  return JSON.stringify(value, null, space).replace(LEFT_IN_JSON, escaped)
}

function escaped (character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

module.exports = { plain, plainJson }
