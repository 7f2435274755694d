'use strict'

/** What the number of entries that a container may have is called, in lower case and without `_`, `#` and `Symbol()`. */
const CAP = /^(?:max|limit|capacity|max(?:imum)?_?(?:size|keys|items|entries|length|count|elements|cache_?size)|(?:cache_?)?size_?limit|cache_?size|(?:max_?)?connections|max_?sockets)$/

/** @param {string | symbol} name @returns {boolean} whether a number of this name says how many entries what is beside it may have */
function isCapName (name) {
  return CAP.test(plainName(name))
}

/** Without what marks a private field, a symbol or a convention. @param {string | symbol} name */
function plainName (name) {
  return String(name).replace(/^Symbol\((.*)\)$/, '$1').replace(/^[_#]+/, '').toLowerCase()
}

module.exports = { isCapName, plainName }
