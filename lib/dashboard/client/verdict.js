'use strict'

/* global document */

// The state in words, and what it rests on.

const { cell, element, header, isNew, list, made, rows, set } = require('./elements')
const { moment } = require('./words')

/** @param {Record<string, any>} face */
function showVerdict (face) {
  const { state, badge, sentence, detail, title, subtitle } = face
  document.title = `${badge}: ${title} - tidemark`
  set('title', title)
  set('subtitle', subtitle)
  element('badge').className = `badge ${state}`
  set('badge', badge)
  set('sentence', sentence)
  set('detail', detail)
  // The sentence has a time in it that changes with each reading; what is read aloud is each change of the state.
  if (isNew('state', [state, title, subtitle])) set('announcement', `${badge}. ${sentence}`)
  showChannels(face.channels)
  list('told', face.told, ({ time, message }) => [made('time', moment(time)), message])
  list('problems', face.problems, (problem) => [problem])
  showFacts(face.facts)
}

function showChannels (channels) {
  if (!isNew('channels', channels)) return
  element('channels').classList.toggle('unexplained', channels.every(({ reason }) => reason === ''))
  rows(document.querySelector('#channels tbody'), channels, ({ name, state, title, level, growth, reason }) =>
    [header(name), cell(title, `word ${state}`), cell(level), cell(growth), cell(reason, 'name')])
}

function showFacts (pairs) {
  element('facts').replaceChildren(...pairs.map(([name, value]) => {
    const pair = made('div', '')
    pair.append(made('dt', name), made('dd', value))
    return pair
  }))
}

module.exports = { showVerdict }
