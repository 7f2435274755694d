'use strict'

const { oneIn } = require('../shop')

const FIELDS = ['price', 'stock', 'rating', 'weight', 'age', 'views', 'sales', 'margin']
const OPERATORS = { lt: '<', le: '<=', gt: '>', ge: '>=', eq: '===' }
const SORTS = ['price', 'rating', 'sales', 'views', 'age', 'stock']

const items = Array.from({ length: 120 }, (_, id) => ({ id, ...Object.fromEntries(FIELDS.map((field, i) => [field, (id * 37 + i * 11) % 100])) }))

/** Compiled code for each kind of question, of which there are 240. */
const compiled = Object.create(null)

function filterOf (field, operator, sort) {
  return compiled[`${field} ${operator} ${sort}`] ??= new Function('items', 'bound', [
    'const found = []',
    ...FIELDS.map((name) => `let most_${name} = 0`),
    'for (const item of items) {',
    ...FIELDS.map((name) => `  if (item.${name} > most_${name}) most_${name} = item.${name}`),
    `  if (item.${field} ${OPERATORS[operator]} bound) found.push(item)`,
    '}',
    `found.sort((a, b) => a.${sort} - b.${sort})`,
    `return { found: found.slice(0, 10), most: { ${FIELDS.map((name) => `${name}: most_${name}`).join(', ')} } }`
  ].join('\n'))
}

/** Many ask the same, and a few what nobody asked before; the rarest questions come after half a minute. */
function question (k) {
  const rank = k % 3 === 0 ? Math.floor(k / 12) % 240 : k * k % 31
  return `${FIELDS[rank % 8]}/${Object.keys(OPERATORS)[rank % 5]}/${SORTS[Math.floor(rank / 40)]}`
}

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: k % 15 === 14 ? '/items' : `/items/${question(k)}?bound=${k % 100}` })),
  app (app) {
    app.get('/items', (req, res) => res.json({ items: items.length, compiled: Object.keys(compiled).length }))
    app.get('/items/:field/:operator/:sort', (req, res) => {
      const { field, operator, sort } = req.params
      res.json(filterOf(field, operator, sort)(items, Number(req.query.bound)))
    })
  }
}
