'use strict'

const { EventEmitter, setMaxListeners } = require('node:events')

module.exports = {
  'any-of-a-long-signal': {
    kind: 'event targets with AbortSignal',
    // Up to Node.js 22 the clean one grows too: AbortSignal.any() itself keeps 2 kB a call.
    since: 24,
    make () {
      const appClosing = new AbortController()
      setMaxListeners(0, appClosing.signal)
      let n = 0
      return {
        leaky () {
          const job = { id: n++ }
          AbortSignal.any([appClosing.signal, new AbortController().signal]).addEventListener('abort', () => { job.stopped = true })
        },
        clean () {
          const job = { id: n++ }
          const first = new AbortController()
          const any = AbortSignal.any([first.signal, new AbortController().signal])
          any.addEventListener('abort', () => { job.stopped = true })
          first.abort()
          return job.stopped
        }
      }
    },
    culprit: /\bappClosing\b|\bAbortSignal\b/
  },

  'target-with-a-long-signal': {
    kind: 'event targets with AbortSignal',
    make () {
      const sessionEnd = new AbortController()
      setMaxListeners(0, sessionEnd.signal)
      const page = new EventTarget()
      setMaxListeners(0, page)
      let n = 0
      return {
        leaky () {
          const form = { id: n++, dirty: false }
          page.addEventListener('typed', () => { form.dirty = true }, { signal: sessionEnd.signal })
        },
        clean () {
          const form = { id: n++, dirty: false }
          const own = new AbortController()
          page.addEventListener('pasted', () => { form.dirty = true }, { signal: own.signal })
          page.dispatchEvent(new Event('pasted'))
          own.abort()
          return form.dirty
        }
      }
    },
    culprit: /\bsessionEnd\b|\bpage\b|\btyped\b|\bAbortSignal\b/
  },

  'emitter-with-a-long-signal': {
    kind: 'event targets with AbortSignal',
    make () {
      const jobsCancelled = new AbortController()
      setMaxListeners(0, jobsCancelled.signal)
      let n = 0
      return {
        leaky () {
          const download = new EventEmitter()
          download.id = n++
          jobsCancelled.signal.addEventListener('abort', () => download.emit('stop'), { once: true })
        },
        clean () {
          const download = new EventEmitter()
          download.id = n++
          const stop = () => download.emit('stop')
          const { signal } = new AbortController()
          signal.addEventListener('abort', stop, { once: true })
          try {
            return download.id
          } finally {
            signal.removeEventListener('abort', stop)
          }
        }
      }
    },
    culprit: /\bjobsCancelled\b|\bAbortSignal\b/
  }
}
