'use strict'

// Records programs with a known truth that are not in the corpus, to judge the detector by what it was not built on.
// node bench/verdict/record/index.js --out DIR [--only NAME,NAME] [--seconds 90] [--jobs 2]
const fs = require('node:fs')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { parseArgs } = require('node:util')

const DIRECTORY = path.join(__dirname, 'programs')

async function main () {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      only: { type: 'string' },
      seconds: { type: 'string', default: '90' },
      jobs: { type: 'string', default: '2' }
    }
  })
  if (!values.out) throw new Error('Usage: node bench/verdict/record/index.js --out DIR [--only NAME,NAME] [--seconds 90] [--jobs 2]')
  fs.mkdirSync(values.out, { recursive: true })
  const wanted = values.only?.split(',')
  const names = fs.readdirSync(DIRECTORY).map((file) => path.basename(file, '.js')).filter((name) => !wanted || wanted.includes(name)).sort()
  const queue = [...names]
  await Promise.all(Array.from({ length: Number(values.jobs) }, async () => {
    for (let name = queue.shift(); name; name = queue.shift()) {
      const code = await record(name, values.seconds, path.join(values.out, `${name}.csv.gz`))
      console.log(`${name}: ${code === 0 ? 'recorded' : `ended with ${code}`}`)
      if (code === 0) label(values.out, name)
    }
  }))
}

function record (name, seconds, file) {
  return new Promise((resolve) => {
    spawn(process.execPath, [path.join(__dirname, 'recorder.js'), name, seconds, file], { stdio: 'inherit' }).on('exit', resolve)
  })
}

function label (directory, name) {
  const file = path.join(directory, 'labels.json')
  const labels = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
  const { label, channel = '', onset } = require(path.join(DIRECTORY, `${name}.js`))
  labels[name] = { channel, label, ...(onset && { onset }) }
  fs.writeFileSync(file, `${JSON.stringify(labels, Object.keys(labels).sort().concat('channel', 'label', 'onset'), 1)}\n`)
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 2
})
