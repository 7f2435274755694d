'use strict'

// How a moment and a value are written on the page.

const { bytes, duration } = require('../../format')

/** @type {Intl.DateTimeFormatOptions} */
const HOURS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
/** @type {Intl.DateTimeFormatOptions} */
const DAYS = { month: 'short', day: 'numeric' }

const clock = (time) => new Date(time).toLocaleTimeString([], { ...HOURS, second: '2-digit' })

/** With the day where that is not today. */
const moment = (time) => `${new Date(time).toDateString() === new Date().toDateString() ? '' : `${new Date(time).toLocaleDateString([], DAYS)} `}${clock(time)}`

const size = (value) => value === 0 ? '0' : bytes(value)

const milliseconds = (ms) => ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms)

function axisTime (time, step) {
  if (step >= 86400000) return new Date(time).toLocaleDateString([], DAYS)
  return step < 60000 ? clock(time) : new Date(time).toLocaleTimeString([], HOURS)
}

function upper (text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

module.exports = { axisTime, clock, milliseconds, moment, size, upper }
