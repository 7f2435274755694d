'use strict'

const { shopRequest } = require('../shop')

module.exports = {
  label: 'healthy',
  load: [{ rate: 1, connections: 1 }],
  request: shopRequest,
  app () {}
}
