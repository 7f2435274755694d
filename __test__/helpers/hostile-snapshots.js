'use strict'

// Heap snapshots that V8 would not write: each makes one thing as large as it can be for its bytes.

const fs = require('node:fs')

const NODE_TYPES = ['hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
  'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape']
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak']
const [HIDDEN, , STRING, OBJECT, CODE, CLOSURE, , , NATIVE, SYNTHETIC] = NODE_TYPES.keys()
const [CONTEXT, ELEMENT, PROPERTY, INTERNAL, , SHORTCUT] = EDGE_TYPES.keys()

const FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness']

/**
 * A shape is given the bytes that its file should have, and answers
 * `count` of nodes with `node (at) -> [type, name, size, edges, detached]` and `edge (at, which) -> [type, name, to]`,
 * `texts` with `text (at)`, the inside of a string of the file, and what else differs from V8's layout.
 * All but the root, node 0, and what it holds comes from node 1, the hub.
 */
const SHAPES = {
  'one long class name': (bytes) => ({
    ...wide(2000, (at) => [OBJECT, 1, 1000]),
    texts: 3,
    text: (at) => at === 1 ? 'N'.repeat(bytes) : 'hub'
  }),
  'long names of all kinds': (bytes, unit = 'n') => application(300, (at) => `${at}${unit.repeat(bytes / 8 / unit.length)}`),
  'emoji in long names': (bytes) => application(300, (at) => `${at}${'\\ud83d\\ude00'.repeat(bytes / 96)}`),
  'invalid bytes in names': (bytes) => ({
    ...wide(bytes / 450, (at) => [OBJECT, 2 + at, 100]),
    texts: bytes / 450 + 2,
    text: (at) => `${'\u00ff'.repeat(390)}${at}`,
    encoding: 'latin1'
  }),
  'control characters in names': (bytes) => ({
    ...wide(bytes / 450, (at) => [OBJECT, 2 + at, 100]),
    texts: bytes / 450 + 2,
    text: (at) => `${at}${'\\u0001\\u202e</script><!--\\n'.repeat(12)}`
  }),
  'one name, many nodes': (bytes) => ({ ...wide(bytes / 45, () => [OBJECT, 1, 16]), texts: 2, text: () => 'n'.repeat(1000) }),
  'empty strings': (bytes) => ({ ...wide(1, () => [OBJECT, 1, 16]), texts: bytes / 3, text: () => '' }),
  'tiny strings': (bytes) => ({ ...wide(1, () => [OBJECT, 1, 16]), texts: bytes / 7, text: (at) => at.toString(36) }),
  'nodes without edges': (bytes) => ({ count: bytes / 22, node: (at) => [at === 0 ? SYNTHETIC : OBJECT, 0, 16, 0], texts: 1, text: () => '' }),
  'zeros for nodes': (bytes) => ({
    fields: FIELDS.slice(0, 5), id: () => 0, count: bytes / 10, node: () => [0, 0, 0, 0], texts: 1, text: () => ''
  }),
  'zeros for edges': (bytes) => ({ count: 1, node: () => [0, 0, 0, Math.floor(bytes / 6)], edge: () => [0, 0, 0], texts: 1, text: () => '' }),
  'zeros for locations': (bytes) => ({ ...wide(bytes / 55, () => [OBJECT, 0, 16]), texts: 1, text: () => '', locations: bytes / 55, location: () => [0, 0, 0, 0] }),
  'all nodes detached': (bytes) => ({
    ...wide(bytes / 45, () => [NATIVE, 1, 16, 0, 2]), texts: 2, text: () => `Detached ${'d'.repeat(1000)}`
  }),
  'one node, many edges': (bytes) => wide(bytes / 45, () => [OBJECT, 0, 16]),
  'a chain': (bytes) => chain(bytes / 60, () => 1),
  'a chain of wide nodes': (bytes) => ({
    // Each eleventh holds the next eleven.
    count: Math.floor(bytes / 45 / 11) * 11 + 1,
    node (at) { return [at === 0 ? SYNTHETIC : OBJECT, 1, 16, at % 11 === 0 && at + 11 < this.count ? 11 : 0] },
    edge: (at, which) => [at === 0 ? SHORTCUT : ELEMENT, at === 0 ? 0 : which, at + which + 1],
    texts: 2,
    text: () => 'Link'
  }),
  'many classes': (bytes) => ({
    ...wide(bytes / 55, (at) => [OBJECT, at, 16]), texts: bytes / 55 + 2, text: (at) => `C${at.toString(36)}`
  }),
  'many long classes': (bytes) => ({
    ...wide(bytes / 280, (at) => [OBJECT, at, 16]), texts: bytes / 280 + 2, text: (at) => `${at}${'c'.repeat(220)}`
  }),
  'many sets of properties': (bytes) => {
    const names = Math.floor(bytes / 95)
    return {
      ...tree(names, (at) => [OBJECT, 1, 16], (at) => [[PROPERTY, 2 + at, 1], [PROPERTY, 2 + (at * 7) % names, 1]]),
      texts: names + 2,
      text: (at) => at === 1 ? 'Object' : `p${at.toString(36)}`
    }
  },
  'many texts twice': (bytes) => ({
    ...wide(bytes / 50, (at) => [STRING, at >> 1, 24]), texts: bytes / 100 + 2, text: (at) => `t${at.toString(36)}`
  }),
  'one long text of many sizes': (bytes) => ({
    ...wide(bytes / 48, (at) => [STRING, 1, 1000 + at]), texts: 2, text: () => 't'.repeat(1024)
  }),
  'pairs of WeakMaps': (bytes) => {
    const pairs = Math.floor(bytes / 140)
    return {
      ...tree(pairs, () => [OBJECT, 0, 16], (at) => [[INTERNAL, at, 1]]),
      texts: pairs + 2,
      text: (at) => `${at} / part of key (Key @${at}) -> value (Value @${at}) pair in WeakMap (table @3)`
    }
  },
  'contexts and closures': (bytes) => {
    // hub, then groups of a closure, its context, its function and its scope info.
    const groups = Math.floor(bytes / 320)
    const names = ['', 'hub', 'shared', 'context', 'script', 'name_or_scope_info', 'scope_info', 'system / Context', '/app/main.js']
    const script = groups * 4 + 2
    return {
      count: script + 1,
      node (at) {
        if (at < 2) return wide(groups, null).node(at)
        if (at === script) return [CODE, 8, 16, 0]
        return [[CLOSURE, 0, 64, 2], [OBJECT, 7, 32, 1], [CODE, 8, 56, 2], [HIDDEN, 0, 24, 0]][(at - 2) % 4]
      },
      edge (at, which) {
        if (at === 0) return [SHORTCUT, 1, 1]
        if (at === 1) return [ELEMENT, which, 2 + which * 4]
        return [
          [[INTERNAL, 2, at + 2], [INTERNAL, 3, at + 1]],
          [[INTERNAL, 6, at + 2]],
          [[INTERNAL, 4, script], [INTERNAL, 5, at + 1]]
        ][(at - 2) % 4][which]
      },
      texts: names.length,
      text: (at) => names[at],
      locations: groups,
      location: (at) => [2 + at * 4, at, 1, 1]
    }
  },
  'many places': (bytes) => {
    const holders = Math.floor(bytes / 150)
    return {
      // Each holder has a name and two objects.
      count: holders * 3 + 2,
      node: (at) => at < 2 ? wide(holders, null).node(at) : [OBJECT, at % 3 === 2 ? at : 0, 16, at % 3 === 2 ? 2 : 0],
      edge: (at, which) => at === 0 ? [SHORTCUT, 1, 1] : at === 1 ? [PROPERTY, 2 + which * 3, 2 + which * 3] : [ELEMENT, which, at + which + 1],
      texts: holders * 3 + 2,
      text: (at) => at % 3 === 2 ? `holder_${at.toString(36)}` : ''
    }
  },
  'many prices': (bytes) => {
    // Each node leads to all of the next by dearer ways first.
    const count = Math.floor(bytes / 26 / 12)
    return {
      count: count + 1,
      node: (at) => [at === 0 ? SYNTHETIC : OBJECT, 0, 8, Math.min(12, count - at)],
      edge: (at, which) => [[INTERNAL, ELEMENT][which % 2], 0, at + 1 + which],
      texts: 1,
      text: () => ''
    }
  },
  'traces': (bytes) => ({
    ...wide(10, () => [OBJECT, 0, 16]),
    texts: 1,
    text: () => '',
    extra: `"trace_function_infos":[${'1,2,3,4,5,6,'.repeat(bytes / 40)}0],"trace_tree":${'[1,2,3,4,'.repeat(bytes / 30)}[]${']'.repeat(bytes / 30)},"samples":[${'1,2,'.repeat(bytes / 10)}0],`
  }),
  'more nodes claimed than there are': () => ({ ...wide(10, () => [OBJECT, 0, 16]), texts: 1, text: () => '', claims: 4000000000 }),
  'a large header': () => ({ ...wide(10, () => [OBJECT, 0, 16]), texts: 1, text: () => '', header: `"x":[${'0,'.repeat(32000)}0],` }),
  'the largest sizes': (bytes) => ({
    ...wide(bytes / 60, () => [OBJECT, 0, Math.floor(2 ** 53 / (bytes / 60 + 4))]), texts: 1, text: () => ''
  })
}

/** The root, the hub, and what it holds. */
function wide (members, node) {
  const count = Math.floor(members)
  return {
    count: count + 2,
    node (at) {
      if (at === 0) return [SYNTHETIC, 0, 0, 1]
      if (at === 1) return [OBJECT, 0, 16, count]
      const [type, name, size, edges = 0, detached = 0] = node(at - 2)
      return [type, name, size, edges, detached]
    },
    edge: (at, which) => at === 0 ? [SHORTCUT, 0, 1] : [ELEMENT, which, which + 2],
    texts: 1,
    text: () => ''
  }
}

/** As `wide`, and what the hub holds has edges too. */
function tree (members, node, edges) {
  const base = wide(members, node)
  return {
    ...base,
    node: (at) => at < 2 ? base.node(at) : [...node(at - 2), edges(at - 2).length],
    edge: (at, which) => at < 2 ? base.edge(at, which) : edges(at - 2)[which]
  }
}

function chain (length, name) {
  const count = Math.floor(length)
  return {
    count,
    node: (at) => [at === 0 ? SYNTHETIC : OBJECT, at === 0 ? 0 : name(at), 24, at === count - 1 ? 0 : at === 0 ? 1 : 2],
    edge: (at, which) => which === 0 ? [at === 0 ? SHORTCUT : PROPERTY, 1, at + 1] : [ELEMENT, 0, 0],
    texts: 2,
    text: (at) => ['', 'Link'][at]
  }
}

/** A closure of a script whose context holds objects; each kind of name is long. */
function application (members, long) {
  const known = ['', 'shared', 'context', 'script', 'name_or_scope_info', 'scope_info', 'system / Context']
  // 2 closure, 3 context, 4 function, 5 scope info, 6 script, 7 holder, 8 to the end members.
  const nodes = [
    [SYNTHETIC, 0, 0, 1], [OBJECT, 7, 16, 1], [CLOSURE, 8, 64, 2], [OBJECT, 6, 32, 2], [CODE, 8, 56, 2], [HIDDEN, 0, 24, 0],
    [CODE, 9, 16, 0], [OBJECT, 10, 64, members * 2]
  ]
  const edges = [
    [[SHORTCUT, 7, 1]], [[PROPERTY, 11, 2]], [[INTERNAL, 1, 4], [INTERNAL, 2, 3]], [[INTERNAL, 5, 5], [CONTEXT, 12, 7]],
    [[INTERNAL, 3, 6], [INTERNAL, 4, 5]]
  ]
  return {
    count: 8 + members * 2,
    node: (at) => nodes[at] ?? [OBJECT, at % 2 ? 13 : 14, 4000 + at, 0],
    edge: (at, which) => edges[at]?.[which] ?? [PROPERTY, 11 + which % 4, 8 + which],
    texts: 15,
    text: (at) => known[at] ?? (at === 9 ? `/app/${long(at)}` : long(at)),
    locations: 1,
    location: () => [2, 1, 10, 5]
  }
}

/**
 * @param {string} file
 * @param {keyof SHAPES} name
 * @param {number} bytes roughly
 * @param {{firstId?: number, unit?: string}} [options] firstId: the root's, another one makes it a snapshot of another
 *   process; unit: what long names repeat, as the inside of a JSON string
 * @returns {number} the bytes that the file has
 */
function writeHostileSnapshot (file, name, bytes, { firstId = 1, unit } = {}) {
  const shape = SHAPES[name](bytes, unit)
  const { fields = FIELDS, id = (at) => firstId + at * 2, texts, text, claims, header = '', extra = '', encoding = 'utf8', locations = 0, location } = shape
  const count = Math.floor(shape.count)
  const descriptor = fs.openSync(file, 'w')
  let pending = []
  let length = 0
  let total = 0
  const flush = () => {
    total += fs.writeSync(descriptor, Buffer.from(pending.join(''), encoding))
    pending = []
    length = 0
  }
  const add = (piece) => {
    pending.push(piece)
    length += piece.length
    if (length > 1 << 20) flush()
  }
  const list = (amount, piece) => {
    for (let at = 0; at < amount; at++) add(at === 0 ? piece(at) : `,${piece(at)}`)
  }
  const row = (at) => {
    const [type, named, size, edges, detached = 0] = shape.node(at)
    return [type, named, id(at), size, edges, detached].slice(0, fields.length).join()
  }
  let edgeCount = 0
  for (let at = 0; at < count; at++) edgeCount += shape.node(at)[3]
  add(`{"snapshot":{"meta":{"node_fields":${JSON.stringify(fields)},"node_types":[${JSON.stringify(NODE_TYPES)},"string"],` +
    `"edge_fields":["type","name_or_index","to_node"],"edge_types":[${JSON.stringify(EDGE_TYPES)},"string_or_number","node"],` +
    `"location_fields":["object_index","script_id","line","column"]},${header}"node_count":${claims ?? count},"edge_count":${edgeCount}},"nodes":[`)
  list(count, row)
  add('],"edges":[')
  let started = false
  for (let at = 0; at < count; at++) {
    const [, , , edges] = shape.node(at)
    for (let which = 0; which < edges; which++) {
      const [type, named, to] = shape.edge(at, which)
      add(`${started ? ',' : ''}${type},${named},${to * fields.length}`)
      started = true
    }
  }
  add(`],${extra}"locations":[`)
  list(Math.floor(locations), (at) => {
    const [node, ...place] = location(at)
    return [node * fields.length, ...place].join()
  })
  add('],"strings":[')
  list(Math.floor(texts), (at) => `"${text(at)}"`)
  add(']}')
  flush()
  fs.closeSync(descriptor)
  return total
}

module.exports = { SHAPES: Object.keys(SHAPES), writeHostileSnapshot }
