'use strict'

/**
 * A session with the inspector of this very thread. Commands are answered before `post` returns.
 * While any session is connected, Node.js hands everything that is logged by `console` to the
 * inspector too, which keeps up to 1,000 messages with their arguments alive: call `forgetConsole()`
 * every few seconds. `close()` does so as well, and ends what the session had switched on.
 */
class InspectorSession {
  #session

  /** @param {import('node:inspector').Session} session connected */
  constructor (session) {
    this.#session = session
  }

  /**
   * @param {string} method
   * @param {object} [parameters]
   * @returns {any} what the command answered
   * @throws {Error} what the inspector says
   */
  post (method, parameters) {
    let answer
    this.#session.post(method, parameters, (error, result) => { answer = { error, result } })
    if (answer === undefined) throw new Error(`The inspector did not answer ${method}`)
    if (answer.error) throw new Error(`${method}: ${answer.error.message ?? 'failed'}`)
    return answer.result
  }

  /** Lets go of what the app logged since the session was connected. */
  forgetConsole () {
    try {
      this.post('Runtime.discardConsoleEntries')
    } catch {
      // The session ended with its thread: so did what it kept.
    }
  }

  close () {
    this.forgetConsole()
    try {
      this.#session.disconnect()
    } catch {
      // It was not connected any more.
    }
  }
}

/**
 * Opens a session, unless that is impossible or somebody debugs this process.
 * @returns {{session: InspectorSession, problem?: undefined} | {session?: undefined, problem: string}}
 */
function openInspector () {
  const { inspector, problem = debuggerProblem() } = loadInspector()
  if (problem !== undefined) return { problem }
  try {
    const session = new (/** @type {typeof import('node:inspector')} */ (inspector)).Session()
    session.connect()
    return { session: new InspectorSession(session) }
  } catch (error) {
    return { problem: `The inspector let nobody connect: ${error.message}` }
  }
}

/** Why a debugger stands in the way, or undefined. It may come while a session is open. */
function debuggerProblem () {
  const { inspector } = loadInspector()
  if (inspector?.url() === undefined) return undefined
  return 'The inspector is open for a debugger (--inspect): it has the heap profiler to itself.'
}

function loadInspector () {
  try {
    return { inspector: require('node:inspector') }
  } catch {
    return { problem: 'This Node.js was built without the inspector.' }
  }
}

module.exports = { openInspector, debuggerProblem, loadInspector, InspectorSession }
