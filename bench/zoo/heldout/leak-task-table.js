'use strict'

// As a compiler of TypeScript writes it.
Object.defineProperty(exports, '__esModule', { value: true })
const shop_1 = require('../shop')

const RenderPool = /** @class */ (function () {
  function RenderPool (size) {
    this.size = size
    this.nextId = 1
    this.tasks = {}
  }
  RenderPool.prototype.submit = function (spec) {
    const self = this
    const id = this.nextId++
    this.tasks[id] = { id, spec, status: 'queued', result: null }
    setImmediate(function () { return self.finish(id) })
    return id
  }
  RenderPool.prototype.finish = function (id) {
    const task = this.tasks[id]
    task.status = 'done'
    task.result = Array.from({ length: 300 }, function (_, i) { return i * 1.5 + id })
  }
  return RenderPool
}())

exports.label = 'leak'
exports.channel = ['heap']
exports.culprit = { route: 'POST /v2/renders', container: 'tasks', line: 'tasks[id] = {' }
exports.request = (0, shop_1.oneIn)(4, (k) => ({ method: 'POST', path: `/v2/renders?template=t${k % 40}` }))
exports.app = function (app, express) {
  const pool = new RenderPool(4)
  const router = express.Router()
  router.post('/renders', function (req, res) {
    res.status(202).json({ task: pool.submit({ template: req.query.template, dpi: 300 }) })
  })
  app.use('/v2', router)
}
