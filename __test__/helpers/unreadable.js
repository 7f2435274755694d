'use strict'

/** What an app may throw, and what throws itself or gives no text when somebody looks at it. */
function unreadableErrors () {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const trapped = new Error('never read')
  Object.defineProperty(trapped, 'message', { get () { throw new Error('from the getter') } })
  return [proxy, trapped, Object.assign(new Error('replaced'), { message: Symbol('no text') })]
}

module.exports = { unreadableErrors }
