'use strict'

const { readOptions, oneOf } = require('../options')
const { FAMILIES } = require('./families')

const OPTIONS = { format: { default: 'prometheus', check: oneOf('prometheus', 'openmetrics') } }

/**
 * All metrics in Prometheus' text format, https://prometheus.io/docs/instrumenting/exposition_formats/, or as
 * OpenMetrics 1.0. Go reads numbers as JavaScript writes them.
 * @param {InstanceType<typeof import('./reader').Reader>} reader
 * @param {{format?: 'prometheus' | 'openmetrics'}} [options]
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
function metricsText (reader, options) {
  const isOpen = readOptions(options, OPTIONS).format === 'openmetrics'
  const blocks = FAMILIES.map((family) => block(family, reader.rowsOf(family), isOpen))
  return blocks.join('') + (isOpen ? '# EOF\n' : '')
}

function block ({ name, help, type }, rows, isOpen) {
  if (rows.length === 0) return ''
  const family = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name
  return `# HELP ${family} ${escape(help, isOpen)}\n# TYPE ${family} ${type}\n` +
    rows.map(({ value, labels }) => `${name}${labelText(labels)} ${value}\n`).join('')
}

function labelText (labels) {
  const pairs = Object.entries(labels)
  return pairs.length === 0 ? '' : `{${pairs.map(([name, value]) => `${name}="${escape(value, true)}"`).join(',')}}`
}

/** In a help text of Prometheus' own format a quotation mark stands for itself. */
function escape (text, withQuotes) {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return withQuotes ? escaped.replaceAll('"', '\\"') : escaped
}

module.exports = { metricsText }
