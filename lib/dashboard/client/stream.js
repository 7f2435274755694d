'use strict'

/* global AbortController, EventSource, location */

// What comes from the server.

const { element, set } = require('./elements')
const { TIME, latest } = require('./latest')

/** After so many new points the page asks for everything anew, which the server has at a lower resolution. */
const MOST_NEW = 3000
/** After a refusal the page asks again. */
const AGAIN_MS = 10000

/** How many points came at once. */
let received = 0
let subject = new URLSearchParams(location.hash.slice(1)).get('subject') ?? ''
let source
let again
let onChange = () => {}

/** @param {() => void} changed called whenever `latest` is something else */
function follow (changed) {
  onChange = changed
  connect()
}

/** Follows another process. */
function chooseSubject (key) {
  subject = key
  location.hash = new URLSearchParams({ subject }).toString()
  connect()
}

function connect () {
  clearTimeout(again)
  source?.close()
  source = new EventSource(`${base()}events${subject === '' ? '' : `?subject=${encodeURIComponent(subject)}`}`)
  source.addEventListener('view', ({ data }) => {
    const { points: all, ...rest } = JSON.parse(data)
    latest.points = all
    received = all.length
    show(rest)
  })
  source.addEventListener('update', ({ data }) => {
    const { points: newer, ...rest } = JSON.parse(data)
    const last = latest.points.at(-1)?.[TIME] ?? 0
    latest.points.push(...newer.filter((point) => point[TIME] > last))
    if (latest.points.length - received > MOST_NEW) connect()
    else show(rest)
  })
  source.addEventListener('error', () => {
    link('lost', 'Not connected; what is shown is old.')
    if (source.readyState === EventSource.CLOSED) askWhy()
  })
}

function show (face) {
  latest.face = face
  link(face.isLive === false ? '' : 'live', face.isLive === false ? 'A recording' : 'Live')
  onChange()
}

/** An EventSource does not tell what the server answered. */
async function askWhy () {
  const abort = new AbortController()
  try {
    const response = await fetch(source.url, { signal: abort.signal })
    if (!response.ok) link('lost', await response.text())
  } catch {}
  abort.abort()
  again = setTimeout(connect, AGAIN_MS)
}

/** The page may be asked for with or without a slash at its end. */
function base () {
  return location.pathname.replace(/\/?$/, '/')
}

function link (name, text) {
  element('link').className = `quiet ${name}`
  set('link', text)
}

module.exports = { base, chooseSubject, follow }
