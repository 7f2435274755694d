'use strict'

const { TEXT, oneIn } = require('../shop')

function page ({ title, blocks }) {
  return `<h1>${title}</h1>${blocks.map((block) => `<section>${block}</section>`).join('')}`
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /drafts/:id/preview', container: 'previews', line: 'previews.get(`/${token}`' },
  request: oneIn(4, (k) => k % 6 === 5 && k > 300
    ? { path: `/previews/d${k - 301}` }
    : { method: 'POST', path: `/drafts/d${k}/preview` }),
  app (app, express) {
    const previews = express.Router()
    app.use('/previews', previews)
    app.post('/drafts/:id/preview', (req, res) => {
      const token = req.params.id
      const draft = { title: `Draft ${token}`, blocks: [TEXT, `Written at ${new Date().toISOString()}`] }
      // An address of its own for each draft, for the one person who is to look at it.
      previews.get(`/${token}`, (req, res) => res.send(page(draft)))
      res.status(201).location(`/previews/${token}`).end()
    })
  }
}
