'use strict'
module.exports.createMiddleware = () => () => {}
