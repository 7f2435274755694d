'use strict'

const { readFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { HIDDEN, isName, named } = require('../names')

const MOST_ARGUMENTS = 20
const LONGEST_SERVICE = 40

/**
 * @typedef {{
 *   name: string,
 *   version: string | null,
 *   args: string[],
 *   nodeArgs: string[],
 *   node: string,
 *   platform: string,
 *   host: string,
 *   startedMs: number
 * }} Identity
 */

/**
 * Who this process is, as far as anybody may know it.
 * @returns {{service: string, script: string, identity: Identity}} service: what its files are called;
 *   script: distinguishes services of one name
 */
function readIdentity () {
  // In PM2's cluster mode the main script is PM2's own.
  const script = process.env.pm_exec_path ?? process.argv[1] ?? ''
  const { name, version } = nearestPackage(script === '' ? process.cwd() : path.dirname(script))
  const shown = named(name ?? (path.basename(script).replace(/\.\w+$/, '') || 'node'))
  return {
    service: shown.replaceAll(/[^\w.-]+/g, '-').replace(/^[.-]+|-+$/g, '').slice(0, LONGEST_SERVICE) || 'app',
    script,
    identity: {
      name: shown,
      version: version ?? null,
      args: shownArguments(process.argv.slice(2)),
      nodeArgs: shownNodeArguments(process.execArgv),
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      host: os.hostname(),
      startedMs: Date.now() - Math.round(process.uptime() * 1000)
    }
  }
}

/** @returns {{name?: string, version?: string}} */
function nearestPackage (folder) {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      const { name, version } = JSON.parse(readFileSync(path.join(at, 'package.json'), 'utf8'))
      if (typeof name === 'string' && name !== '') return { name: name.slice(0, 214), version: /^[\w.+-]{1,64}$/.test(version) ? version : undefined }
    } catch {}
    if (at === path.dirname(at)) return {}
  }
}

/** Names of options; what they are set to may be a password, also where it follows a letter at once (`-psecret`). */
function shownArguments (args) {
  return args.slice(0, MOST_ARGUMENTS).map((argument) => {
    const [, option, value] = /^(--[\w-]+|-\w(?==|$))(=.*)?$/s.exec(argument) ?? []
    if (option !== undefined && isName(option.replace(/^-+/, ''))) return value === undefined ? option : `${option}=${HIDDEN}`
    return /^-\w/.test(argument) ? `${argument.slice(0, 2)}${HIDDEN}` : HIDDEN
  })
}

/** Node.js's own options, with the numbers that they are set to. */
function shownNodeArguments (args) {
  return args.slice(0, MOST_ARGUMENTS).map((argument) =>
    /^--?[a-z][a-z0-9-]*(?:=\d{1,9})?$/.test(argument) ? argument : shownArguments([argument])[0])
}

module.exports = { readIdentity, shownArguments, shownNodeArguments }
