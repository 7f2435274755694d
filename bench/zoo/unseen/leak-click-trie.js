'use strict'

const { oneIn } = require('../shop')

const HOURS = 24 * 7
const clicks = { hits: 0, byHour: new Array(HOURS).fill(0), children: {} }

/** Counts a click at each level of its path: campaign, recipient, link and position. */
function count (path, hour) {
  let node = clicks
  for (const segment of path) {
    node = node.children[segment] ??= { hits: 0, byHour: new Array(HOURS).fill(0), children: {} }
    node.hits++
    node.byHour[hour]++
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /t/:campaign/:recipient/:link/:position', container: 'clicks', line: 'node.children[segment] ??=' },
  request: oneIn(4, (k) => ({ path: `/t/spring-${k % 5}/r${k}/shoes/${k % 9}` })),
  app (app) {
    app.get('/t/:campaign/:recipient/:link/:position', (req, res) => {
      const { campaign, recipient, link, position } = req.params
      count([campaign, recipient, link, position], new Date().getHours())
      res.redirect(302, `/products/${position}`)
    })
  }
}
