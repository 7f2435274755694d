'use strict'

const { shopRequest } = require('../shop')

module.exports = {
  label: 'healthy',
  load: [{ rate: 800 }],
  request: shopRequest,
  app () {}
}
