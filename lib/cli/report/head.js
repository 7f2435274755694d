'use strict'

const { escape } = require('../../html')
const { STYLE } = require('./style')

/**
 * How each page of ours begins: it loads nothing, and tells nobody where it is.
 * @param {string} title
 * @param {{scripts?: boolean}} [allowed]
 * @returns {string}
 */
function head (title, { scripts = false } = {}) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${scripts ? "; script-src 'unsafe-inline'" : ''}">
<title>${escape(title)} - tidemark</title>
<style>${STYLE}</style>`
}

module.exports = { head }
