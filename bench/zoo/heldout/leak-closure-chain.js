'use strict'

const { oneIn } = require('../shop')

/** What is to be done when the process ends: each step calls the one before it. */
let teardown = async () => {}

function onTeardown (step) {
  const previous = teardown
  teardown = async () => {
    await step()
    await previous()
  }
}

async function openWorkspace (req, res) {
  const workspace = { id: req.params.id, files: Array.from({ length: 50 }, (_, i) => ({ name: `file-${i}.md`, dirty: i % 3 === 0 })) }
  onTeardown(async () => { workspace.files = workspace.files.filter(({ dirty }) => !dirty) })
  await new Promise((resolve) => setImmediate(resolve))
  res.json({ id: workspace.id, files: workspace.files.length })
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /workspaces/:id/open', container: 'teardown', line: 'const previous = teardown' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/workspaces/${k}/open` })),
  app (app) {
    process.once('SIGTERM', () => teardown().then(() => process.exit()))
    app.post('/workspaces/:id/open', openWorkspace)
  }
}
