'use strict'

const path = require('node:path')
const { createError } = require('../errors')
const { isOver } = require('../ignored')
const { isUntil } = require('../options')

/**
 * Leaks that are known: each rule by a class, a signature or a file, with a reason and perhaps a date.
 *
 * @typedef {{class?: string, signature?: string, file?: string, reason: string, until?: Date | string}} IgnoreRule
 */

/** Of the whole suite: what a setup file gave. @type {IgnoreRule[]} */
const ofSuite = []

/** Rules that matched something in this thread. @type {WeakSet<IgnoreRule>} */
const matched = new WeakSet()

const SUBJECTS = ['class', 'signature', 'file']

/** @returns {string | undefined} what a list of rules must be, where it is not */
function rulesFault (rules) {
  const isRule = (rule) => rule !== null && typeof rule === 'object' &&
    SUBJECTS.filter((name) => rule[name] !== undefined).length === 1 && SUBJECTS.every((name) => rule[name] === undefined || (typeof rule[name] === 'string' && rule[name] !== '')) &&
    typeof rule.reason === 'string' && rule.reason !== '' && isUntil(rule.until)
  return Array.isArray(rules) && rules.every(isRule)
    ? undefined
    : 'an array of { class | signature | file, reason, until }: one of the three as text, `reason` a text, and `until` a date or left out'
}

/**
 * For a setup file.
 * @param {IgnoreRule[]} rules that hold for each test of this thread from now on
 * @returns {{unmatched (): IgnoreRule[]}} those that matched nothing in this thread so far, and still hold
 */
function ignoreLeaks (rules) {
  const fault = rulesFault(rules)
  if (fault !== undefined) throw createError('ERR_TIDEMARK_OPTION', ['rules', fault, rules])
  const given = [...rules]
  ofSuite.push(...given)
  return { unmatched: () => given.filter((rule) => !isOver(rule, Date.now()) && !matched.has(rule)) }
}

/** @param {IgnoreRule[]} ofTest @returns {boolean} whether a leak may be a known one: then it matters what it is */
function hasRules (ofTest) {
  return ofTest.length + ofSuite.length > 0
}

/**
 * @param {import('./result').TestSuspect[]} suspects
 * @param {IgnoreRule[]} ofTest
 * @returns {{kept: import('./result').TestSuspect[], ignored: {rule: IgnoreRule, signature: string}[], expired: IgnoreRule[], unmatched: IgnoreRule[]}}
 *   unmatched: of the test's own rules
 */
function applyRules (suspects, ofTest) {
  const rules = [...ofTest, ...ofSuite]
  const live = rules.filter((rule) => !isOver(rule, Date.now()))
  const kept = []
  const ignored = []
  for (const suspect of suspects) {
    const rule = live.find((each) => matches(each, suspect))
    if (rule === undefined) kept.push(suspect)
    else ignored.push({ rule, signature: suspect.signature })
  }
  for (const { rule } of ignored) matched.add(rule)
  return {
    kept,
    ignored,
    expired: rules.filter((rule) => isOver(rule, Date.now()) && suspects.some((suspect) => matches(rule, suspect))),
    unmatched: unmatched(ofTest, ignored)
  }
}

/**
 * @param {IgnoreRule[]} rules
 * @param {{rule: IgnoreRule}[]} ignored
 */
function unmatched (rules, ignored) {
  return rules.filter((rule) => !isOver(rule, Date.now()) && !ignored.some((each) => each.rule === rule))
}

/** @param {IgnoreRule} rule @returns {string} */
function unmatchedNote (rule) {
  return `The rule to ignore '${subjectOf(rule)}' matched nothing: remove it.`
}

/** @param {IgnoreRule} rule */
function subjectOf (rule) {
  return rule.class ?? rule.signature ?? rule.file
}

/** @param {IgnoreRule} rule @param {import('./result').TestSuspect} suspect */
function matches (rule, suspect) {
  if (rule.class !== undefined) return suspect.class === rule.class
  if (rule.signature !== undefined) return suspect.signature === rule.signature
  const wanted = path.normalize(/** @type {string} */ (rule.file))
  return [suspect.location?.file, suspect.allocated?.file].some((file) => file === wanted || file?.endsWith(path.sep + wanted))
}

module.exports = { applyRules, hasRules, ignoreLeaks, rulesFault, subjectOf, unmatched, unmatchedNote }
