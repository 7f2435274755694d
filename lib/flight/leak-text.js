'use strict'

const MOST_SUSPECTS = 3

/** What of a suspect is kept, from the most to the least. */
const SUSPECT_FORMS = [
  ({ kind, description, location, share, growth }) => ({ kind, description, location, share, growth }),
  ({ kind, description, location }) => ({ kind, description: description.slice(0, 200), location })
]

/**
 * A 'leak' event for the recorder's file.
 * @param {import('../..').Leak & Record<string, any>} leak
 * @param {number} room bytes
 * @returns {string} JSON that has room
 */
function leakText (leak, room) {
  const { suspects = [], message, ...rest } = leak
  const forms = SUSPECT_FORMS.map((form) => ({ ...rest, message, suspects: suspects.slice(0, MOST_SUSPECTS).map(form) }))
  const short = { time: leak.time, channel: leak.channel, signature: leak.signature, message: message.slice(0, 500), suspects: [] }
  const texts = [...forms, short].map((form) => JSON.stringify(form))
  return texts.find((text) => Buffer.byteLength(text) <= room) ?? texts[texts.length - 1]
}

module.exports = { leakText }
