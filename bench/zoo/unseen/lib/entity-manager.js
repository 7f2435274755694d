'use strict'
Object.defineProperty(exports, '__esModule', { value: true })
exports.manager = exports.EntityManager = void 0
const ORIGINAL = Symbol('original')
class EntityManager {
  constructor () {
    this.identities = new Map()
  }

  async find (model, id) {
    const entities = this.entitiesOf(model)
    if (entities.has(id)) { return entities.get(id) }
    const row = await model.select(id)
    const entity = Object.assign(new model(), row)
    entity[ORIGINAL] = structuredClone(row)
    entities.set(id, entity)
    return entity
  }

  entitiesOf (model) {
    let entities = this.identities.get(model)
    if (entities === undefined) { this.identities.set(model, entities = new Map()) }
    return entities
  }

  clear () {
    this.identities.clear()
  }
}
exports.EntityManager = EntityManager
exports.manager = new EntityManager()
