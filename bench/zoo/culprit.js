'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** A function of an app is no longer than this: a place that begins so many lines before the culprit is within it. */
const LONGEST_FUNCTION = 12

/**
 * The place in the list of suspects, from 1, of the first that names the culprit: its route, its
 * container by name, or a line within the leaking function, which is in the culprit's `file` where the
 * app has it in a module of its own. Undefined where none does.
 * @param {string} apps the folder of the apps
 * @param {string} name of the app
 * @param {object[]} suspects
 */
function rankOfCulprit (apps, name, suspects) {
  const { culprit } = require(path.join(apps, name))
  const file = path.join(apps, culprit.file ?? `${name}.js`)
  const line = fs.readFileSync(file, 'utf8').split('\n').findIndex((text) => text.includes(culprit.line) && !text.includes('culprit:')) + 1
  const index = suspects.findIndex((suspect) => namesRoute(suspect, culprit) || namesContainer(suspect, culprit) || namesPlace(suspect, file, line))
  return index < 0 ? undefined : index + 1
}

/** `route: 'all'` is no route: every request passes the culprit. */
function namesRoute (suspect, { route }) {
  return route !== 'all' && sentences(suspect).some(({ kind, description }) => kind === 'route' && description.includes(route))
}

/** The variable that the culprit's line begins with, or what the app's author calls the container. */
function namesContainer (suspect, { container, line }) {
  const variable = /^(\w+)[.[]/.exec(line)?.[1]
  const names = [container, variable].filter((name) => name !== undefined && !/^(?:Map|Set|Array|Object|this|req|res|global|globalThis)$/.test(name))
  return sentences(suspect)
    .filter(({ kind }) => kind === 'container' || kind === 'listeners' || kind === 'resources')
    .some(({ description }) => names.some((name) => new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(description)))
}

function namesPlace ({ location }, file, line) {
  if (location === null || path.resolve(location.file) !== file) return false
  return location.line <= line && line - location.line <= LONGEST_FUNCTION
}

function sentences ({ kind, description, evidence }) {
  return [{ kind, description }, ...evidence]
}

module.exports = { rankOfCulprit }
