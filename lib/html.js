'use strict'

const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const path = require('node:path')

// Names from a heap can be anything: in a page they are text, never markup.

/** @param {unknown} text @returns {string} for an element or a quoted attribute */
function escape (text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** JSON for a script element, which no `</script>` or `<!--` in it can end. */
function inert (value) {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * What a page is made of, read before the work whose result it shows.
 * @param {string} folder
 * @param {{style: string, script?: string, library?: {style: string, script: string}}} files `script` may require others by their path;
 *   `library`: of somebody else, which the page's own style and script build on
 * @returns {{style: string, script?: string}}
 * @throws where a bundler has left them out
 */
function readAssets (folder, { style, script, library }) {
  const read = (name) => readFileSync(path.join(folder, name), 'utf8')
  const [libraryStyle, libraryScript] = library === undefined ? ['', ''] : [read(library.style), read(library.script)].map((text) => `${text}\n`)
  return {
    style: `${libraryStyle}${read(style)}`,
    script: script === undefined ? undefined : `${libraryScript}${bundle(path.join(folder, script))}`
  }
}

/**
 * A script with the files that it requires by their path, as one text: each file stands once, behind what it requires.
 * @param {string} file
 * @param {Map<string, string>} [parts] the text of each file so far; circles are not possible
 */
function bundle (file, parts = new Map()) {
  const source = readFileSync(file, 'utf8').replace(/\brequire\('(\.[^']*)'\)/g, (_, name) => {
    const required = `${path.resolve(path.dirname(file), name)}.js`
    if (!parts.has(required)) bundle(required, parts)
    return `part${[...parts.keys()].indexOf(required)}`
  })
  parts.set(file, `const part${parts.size} = ((module) => {\n${source}\nreturn module.exports\n})({ exports: {} })\n`)
  return `{\n${[...parts.values()].join('')}}`
}

/**
 * What a page may do: use its own style and script, and, where it `isLive`, ask the server that it came from.
 * @param {{style: string, script?: string}} assets
 * @param {boolean} isLive
 */
function policyOf ({ style, script }, isLive) {
  return `default-src 'none'; style-src ${hashOf(style)}${script === undefined ? '' : `; script-src ${hashOf(script)}`}${isLive ? '; connect-src \'self\'' : ''}`
}

/**
 * A page in one file that loads nothing from anywhere: its policy forbids it to.
 * @param {{title: string, body: string, data?: unknown, assets: {style: string, script?: string}, isLive?: boolean}} parts
 *   `title` is text, `body` is markup, the script, where there is one, finds `data` as JSON in the element `data`.
 *   `isLive`: it may ask the server that it came from
 * @returns {string}
 */
function renderPage ({ title, body, data, assets, isLive = false }) {
  const { style, script } = assets
  const policy = policyOf(assets, isLive)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escape(title)}</title>
<style>${style}</style>
${body}
${script === undefined ? '' : `<script type="application/json" id="data">${inert(data)}</script>\n<script>${script}</script>\n`}</html>
`
}

function hashOf (text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

module.exports = { escape, inert, policyOf, readAssets, renderPage }
