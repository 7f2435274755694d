'use strict'

const { HIDDEN, isName } = require('../names')

// A report is handed on. What tidemark says of leaks holds names of the code alone (lib/names.js); here each
// text is looked through once more, as if it did not.

/** What is hidden wherever it stands, in a path of a file too. The mark stands for the part between the groups. */
const SECRETS = [
  // A query, and what a URL says before its host.
  /(\?)[^\s'"`)<>]*(=)[^\s'"`)<>]*()/g,
  /(\w:\/\/)[^\s/@]+(@)()/g,
  // E-mails, also as a URL writes them.
  /()[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+()()/gi,
  // What is named after a secret, with what its name begins with: DB_PASSWORD, accessToken.
  /(\b[\w-]{0,40}(?:authorization|bearer|basic|password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|cookie|session[_-]?id|connect\.sid)["']?\s*[:=]\s*["']?(?:(?:Bearer|Basic)\s+)?)[^\s"',;&]+()()/gi,
  /(\b(?:Bearer|Basic)\s+)[\w.~+/=-]{8,}()()/g,
  // Numbers of cards and accounts: 13 digits or more, in groups or not.
  /()\b\d(?:[ _-]?\d){12,}\b()()/g,
  // Tokens by their form: of three parts, with a known beginning, of a UUID, of hexadecimal digits.
  /()\beyJ[\w-]{8,}(?:\.[\w-]+)*()()/g,
  /()\b(?:sk|pk|rk)_(?:live|test)_\w+()()/g,
  /()\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|npm_|AKIA|ASIA|AIza|ya29\.)[\w-]{8,}()()/g,
  /()\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b()()/gi,
  /()\b[\da-f]{32,}\b()()/gi
]

/** What stands between names in a sentence. */
const TOKENS = /[^\s/\\(){}[\]<>,;:|&?!"'`*…=]+/g
/** With the punctuation around it: 'entries.', '-4.0'. */
const TOKEN = /^([.+-]*)(.*?)([.+-]*)$/s
/** Of a sentence, rather than of a name: 441, 4.2. Groups of thousands are tokens of their own. */
const NUMBER = /^\d{1,4}(?:\.\d{1,3})?$/
const FILE = /\.[cm]?[jt]sx?$/
/** Node.js's own have none of these endings. */
const NODE_FILE = /node:[\w/]*$/

/**
 * A sentence about names: what is neither a name of the code, nor a word, nor a number of a sentence is hidden.
 * @param {string} text
 */
function redactSentence (text) {
  const known = redactSecrets(text)
  let end = 0
  let file = false
  return known.replace(TOKENS, (token, at) => {
    const between = known.slice(end, at)
    end = at + token.length
    // 'app.js:12:5', and no 'user:4711'.
    const isPlace = between === ':' && file && NUMBER.test(token.replace(/\.$/, ''))
    const [, before, core, after] = /** @type {RegExpExecArray} */ (TOKEN.exec(token))
    file = isPlace || FILE.test(core) || NODE_FILE.test(known.slice(0, end))
    if (isPlace || !/[\p{L}\p{N}]/u.test(core)) return token
    const isShown = NUMBER.test(core) ? between !== ':' && between !== '=' : isName(core)
    return isShown ? token : `${before}${HIDDEN}${after}`
  })
}

/**
 * A text of the operator or of tidemark, such as the path of a file: what looks like a secret is hidden.
 * @param {string} text
 */
function redactSecrets (text) {
  return SECRETS.reduce((shown, secret) => shown.replace(secret, (_, before, between, after) => `${before}${HIDDEN}${between === '=' ? '' : between}${after}`), text)
}

module.exports = { redactSecrets, redactSentence }
