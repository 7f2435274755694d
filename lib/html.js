'use strict'

// Names from a heap can be anything: in a page they are text, never markup.

/** @param {unknown} text. @returns {string} for an element or a quoted attribute */
function escape (text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** JSON for a script element, which no `</script>` or `<!--` in it can end. */
function inert (value) {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

module.exports = { escape, inert }
