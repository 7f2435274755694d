'use strict'

/**
 * Leaks that the app knows of and does not want to hear about, each until its date. They are counted.
 */
class Ignored {
  #rules
  #counts = new Map()

  /** @param {{signature: string, reason: string, until?: Date | string}[]} rules */
  constructor (rules) {
    this.#rules = rules
  }

  /**
   * @param {string} signature
   * @param {number} now milliseconds since 1970
   * @returns {boolean} whether the leak is not reported
   */
  covers (signature, now) {
    const rule = this.#rules.find((each) => each.signature === signature && !isOver(each, now))
    if (rule !== undefined) this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1)
    return rule !== undefined
  }

  /** @returns {{signature: string, reason: string, until: Date | null, count: number}[]} of each rule, how many leaks it kept quiet */
  all () {
    return this.#rules.map((rule) => ({
      signature: rule.signature,
      reason: rule.reason,
      until: rule.until === undefined ? null : new Date(rule.until),
      count: this.#counts.get(rule) ?? 0
    }))
  }
}

/** @param {{until?: Date | string}} rule @param {number} now milliseconds since 1970 */
function isOver ({ until }, now) {
  return until !== undefined && now >= new Date(until).getTime()
}

module.exports = { Ignored, isOver }
