'use strict'

const { oneIn } = require('../shop')

const documents = new Map()

/** A parser of the simplest queries: a node for each field. */
function parse (source) {
  return { kind: 'Document', definitions: source.match(/\w+(\(.*?\))?/g).map((text, i) => ({ kind: 'Field', name: { kind: 'Name', value: text }, loc: { start: i, end: i + text.length } })) }
}

const resolvers = {
  user: ({ document }) => ({ fields: document.definitions.length }),
  health: () => 'up'
}

async function graphql (source) {
  // Clients write the id into the query instead of its variables.
  if (!documents.has(source)) documents.set(source, parse(source))
  return { data: { user: await resolvers.user({ document: documents.get(source) }) } }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /graphql', container: 'documents', line: 'documents.set(source' },
  request: oneIn(4, (k) => ({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `query { user(id: ${k}) { id name mail street zip city orders(first: 5) { id total state lines { sku count price } } } }` })
  })),
  app (app, express) {
    app.use('/graphql', express.json())
    app.post('/graphql', async (req, res) => res.json(await graphql(req.body.query)))
  }
}
