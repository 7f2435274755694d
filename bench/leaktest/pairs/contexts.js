'use strict'

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks')
const { setImmediate: turn } = require('node:timers/promises')

module.exports = {
  'resource-per-request': {
    kind: 'AsyncLocalStorage',
    make () {
      const traces = new AsyncLocalStorage()
      const completions = []
      let n = 0
      return {
        leaky () {
          traces.run({ trace: `t${n++}` }, () => {
            completions.push(new AsyncResource('Completion'))
          })
        },
        async clean () {
          await traces.run({ trace: `t${n++}` }, async () => {
            const resource = new AsyncResource('Completion')
            await turn()
            resource.runInAsyncScope(() => traces.getStore())
            resource.emitDestroy()
          })
        }
      }
    },
    culprit: /\bcompletions\b/
  },

  'store-that-gathers': {
    kind: 'AsyncLocalStorage',
    make () {
      const unitOfWork = new AsyncLocalStorage()
      const dirtyRows = { rows: [] }
      let n = 0
      const save = () => unitOfWork.getStore().rows.push({ id: n++, table: 'orders' })
      return {
        leaky: () => unitOfWork.run(dirtyRows, save),
        clean: () => unitOfWork.run({ rows: [] }, () => unitOfWork.run({ rows: [] }, save))
      }
    },
    culprit: /\bdirtyRows\b/
  }
}
