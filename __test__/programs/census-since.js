'use strict'

// Prints what grew by several pairs of censuses: of containers that were empty, that were too small to be
// listed, that share a key, and with the earlier census as JSON.

const { census } = require('../../lib/evidence/census')

const sets = (prefix, sizes) => new Map(sizes.map((size, i) => [`${prefix}:${i}`, new Set(Array.from({ length: size }, (_, j) => j))]))
const named = ({ grew }) => grew.filter(({ key }) => key.includes('census-since')).map(({ name, sizeThen, size }) => [name.split('`')[1], sizeThen, size])

const empty = new Map()
const replaced = { list: Array.from({ length: 100 }, String) }
const small = new Set([1])
const rooms = sets('room', [100, 50, 5])
// Larger than what grows, and listed as one.
const crowd = sets('crowd', Array.from({ length: 60 }, () => 20))
exports.hold = () => [empty, small, rooms, crowd, replaced]

async function main () {
  const first = await census()
  const nothing = named(await census({ since: first }))
  const nothingByJson = named(await census({ since: JSON.parse(JSON.stringify(first)) }))
  for (let i = 0; i < 5000; i++) empty.set(i, i)
  for (let i = 0; i < 3000; i++) small.add(i)
  for (let i = 0; i < 1000; i++) rooms.get('room:2').add(i)
  replaced.list = replaced.list.concat(replaced.list)
  exports.late = new Map(Array.from({ length: 500 }, (_, i) => [i, i]))
  const grown = await census({ since: first })
  const grownByJson = named(await census({ since: JSON.parse(JSON.stringify(first)) }))
  process.stdout.write(JSON.stringify({
    nothing, nothingByJson, grown: named(grown), grownByJson, fields: Object.keys(first), described: grown.grew[0]
  }))
}

main()
