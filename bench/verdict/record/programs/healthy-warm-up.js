'use strict'

// After a deploy routes are loaded and compiled one by one as somebody asks for them, for 40 seconds.
const vm = require('node:vm')
const express = require('express')

exports.label = 'healthy'
exports.run = (load) => {
  const app = express()
  const routes = new Map()
  const route = (id) => {
    if (!routes.has(id)) {
      const body = Array.from({ length: 60 }, (_, i) => `out.push({ n: x * ${i} + ${id}, label: 'route ${id} part ${i}' })`).join('\n')
      routes.set(id, vm.runInThisContext(`(function route${id} (x) { const out = []\n${body}\nreturn out })`))
    }
    return routes.get(id)
  }
  app.get('/r/:id', async (req, res) => {
    await load.handle(1)
    res.json(route(Number(req.params.id))(2))
  })
  load.http(app, 90, (i) => `/r/${Math.floor(load.random() * Math.min(400, 10 * load.seconds()))}`)
}
