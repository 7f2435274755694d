'use strict'

const { pairs: followers, numbered } = require('./names.json')

// Which names may leave the process. A name of the code or of a route is made of words: `userCache`,
// `x-request-id`, 'ShoppingCart'. What is not may be somebody's: tokens, addresses, ids, card numbers.
// src/snapshot/names.rs has the same rule for snapshots; __test__/names.json holds both to it.

/** Stands for what is not shown. */
const HIDDEN = '[…]'

const LONGEST_NAME = 64
const LONGEST_SEGMENT = 40
/** A segment of more words is a title or a sentence, and so is data. */
const MOST_SEGMENT_WORDS = 4

/** Parts of a name, none of them empty: an acronym, a word, digits; what stands between them. */
const PARTS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+|[_$#.-]+/g
const NAME = /^[\w$#.-]+$/
/** What separates names in a text, as in 'system / Context' and '{id, name}'. */
const TOKENS = /[^\s/\\(){}[\]<>,;:|&?!"'`*…]+/g

/** Pairs of letters that words are made of, from the identifiers of some thousand packages' files: 97 % of them. */
const PAIRS = new Set(followers.flatMap((next, first) => [...next].map((second) => String.fromCharCode(97 + first) + second)))
/** Words that have digits in them. */
const NUMBERED = new Set(numbered)
/** Longest text, in letters, that is always shown: too short for a secret, and often an abbreviation rather than a word. */
const SHORT = 4
const LONGEST_ACRONYM = 5
/** One rare pair of letters is allowed for this many pairs, and one in any case. */
const PAIRS_PER_RARE = 7
/**
 * Fewest letters a word, on average, by number of words, the last for all that have more: `aXbQe` has fewer. Random
 * letters of both cases fall into words of 2 to 3; of 41,000 names of packages' files 17 have fewer than these.
 */
const LETTERS_PER_WORD = [0, 0, 0, 2.6, 2.6, 3, 3.3]

/** Names that were asked about: a program has few that are asked about again and again. */
const known = new Set()
const MOST_KNOWN = 1000

/**
 * Whether a text is a name that code would have: of a variable, a property, a class, an event, a header.
 * @param {string} text
 */
function isName (text) {
  if (known.has(text)) return true
  if (text.length > LONGEST_NAME || !hasWords(text, Infinity, 1)) return false
  if (known.size >= MOST_KNOWN) known.clear()
  known.add(text)
  return true
}

/**
 * Whether a part of a URL is one of a route. Numbers are not, but for those of versions, such as 'v2'.
 * @param {string} text
 */
function isSegment (text) {
  return text.length <= LONGEST_SEGMENT && hasWords(text, MOST_SEGMENT_WORDS, 0)
}

/**
 * A text with nothing but names in it, such as a class, an event or what a Symbol was described by.
 * @param {string} text
 * @returns {string} `[…]` stands for each part that is none
 */
function named (text) {
  if (isName(text)) return text
  return text.slice(0, 4 * LONGEST_NAME).replace(TOKENS, (token) => isName(token) ? token : HIDDEN) + (text.length > 4 * LONGEST_NAME ? HIDDEN : '')
}

/**
 * The name of a function, as stacks and inspectors have it.
 * @param {string} text
 * @returns {string | null} null where it has none, or one that is not shown
 */
function functionName (text) {
  const name = named(text)
  return name === '' || name !== text ? null : name
}

/** @param {number} mostNumbers digits after a word that is not known to have some */
function hasWords (text, mostWords, mostNumbers) {
  if (!NAME.test(text)) return false
  const parts = text.match(PARTS)
  let words = 0
  let letters = 0
  let pairs = 0
  let rare = 0
  let numbers = 0
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at].toLowerCase()
    const [first] = part
    if (first >= '0' && first <= '9') {
      const before = at > 0 ? parts[at - 1].toLowerCase() : ''
      // Letters that follow are a part of this word, as in `i18n`, and not in `s3Client`.
      const next = at + 1 < parts.length ? parts[at + 1] : ''
      const after = /^[a-z]/.test(next) || (/^[A-Z]/.test(next) && /^[A-Z]{2}/.test(parts[at - 1])) ? next : ''
      if (NUMBERED.has(before + part + after)) continue
      if (before === '' || after !== '') return false
      const isVersion = before === 'v' && part.length <= 2
      if (!isVersion && (part.length > 1 || ++numbers > mostNumbers)) return false
    } else if (isLetters(part)) {
      words++
      letters += part.length
      if (part.length <= LONGEST_ACRONYM && part !== parts[at] && parts[at].toUpperCase() === parts[at]) continue
      pairs += part.length - 1
      for (let i = 1; i < part.length; i++) if (!PAIRS.has(part.slice(i - 1, i + 1))) rare++
    }
  }
  if (words > mostWords) return false
  if (letters <= SHORT) return true
  if (letters < LETTERS_PER_WORD[Math.min(words, LETTERS_PER_WORD.length - 1)] * words) return false
  return rare <= Math.max(1, Math.floor(pairs / PAIRS_PER_RARE))
}

function isLetters (part) {
  return /^[a-z]/i.test(part)
}

module.exports = { HIDDEN, functionName, isName, isSegment, named }
