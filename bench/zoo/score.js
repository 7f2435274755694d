'use strict'

const { rankOfCulprit } = require('./culprit')

const CHANNEL_ORDER = ['heap', 'external', 'native', 'resources']

/**
 * What a run says about the detector: the first alarm in a right channel is the hit; a leak told in
 * a wrong channel only is a miss; in a healthy app every alarm is false.
 */
function judge (result) {
  const right = result.label === 'leak' ? result.leaks.find(({ channel }) => result.channel.includes(channel)) : undefined
  const alarm = right ?? result.leaks[0]
  const outcome = result.crashed
    ? 'CRASH'
    : result.label === 'leak'
      ? right ? 'told' : 'MISS'
      : alarm ? 'FALSE ALARM' : 'silent'
  return { outcome, alarm, wrongChannels: result.label === 'leak' ? result.leaks.filter((leak) => !result.channel.includes(leak.channel)).map(({ channel }) => channel) : [] }
}

/** Whether the told leaks' suspects named the culprit, of an app in the folder `apps`: its place in the list, from 1. */
function place (result, apps) {
  const { outcome, alarm } = judge(result)
  return outcome === 'told' ? rankOfCulprit(apps, result.name, alarm.suspects) : undefined
}

/** Of all leaks that were told. */
function naming (results, apps) {
  const told = results.filter((result) => judge(result).outcome === 'told')
  const within = (most) => told.filter((result) => place(result, apps) <= most).length / told.length
  return { told: told.length, first: within(1), firstThree: within(3) }
}

/** Why it was silent: the gates of the channels that matter. */
function gates (result) {
  const channels = result.status?.channels ?? {}
  const wanted = result.channel ?? CHANNEL_ORDER
  return wanted.filter((name) => channels[name]?.heldBackBy).map((name) => `${name} ${channels[name].state}: ${channels[name].heldBackBy}`)
}

function summary (results) {
  const outcomes = results.map((result) => judge(result).outcome)
  const count = (outcome) => outcomes.filter((other) => other === outcome).length
  const hits = count('told')
  const missed = results.filter(({ label }) => label === 'leak').length - hits
  const falseAlarms = count('FALSE ALARM')
  const times = results.map(judge).filter(({ outcome }) => outcome === 'told').map(({ alarm }) => alarm.at).sort((a, b) => a - b)
  return {
    hits,
    missed,
    falseAlarms,
    silent: count('silent'),
    precision: hits / (hits + falseAlarms),
    recall: hits / (hits + missed),
    f1: 2 * hits / (2 * hits + missed + falseAlarms),
    medianSeconds: times[Math.floor(times.length / 2)],
    late: times.filter((seconds) => seconds > 60).length
  }
}

module.exports = { judge, gates, place, naming, summary }
