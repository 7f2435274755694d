'use strict'

// A function that leaks, and the same with the fix, tested in the four runners as docs/testing.md has it: the first has to
// fail, with who holds what, and the second to pass. Shows what each runner prints. `npm run demo:test`

const { setup } = require('./setup')
const { exitWith } = require('./steps')
const { Screen } = require('./demo/screen')

/** Of what a runner prints, the stacks below the message are left out. */
const STACK = /^\s*(?:at |❯ .*:\d+|\[90m)/

const LEAK = /`visit` grows by 1 Session .*held by Map .*visits\.js/

async function demo () {
  await setup()
  const { RUNNERS, blocksBelow, makeProject, runTests } = require('./leak-test-runners') // needs what setup installs
  const screen = new Screen(process.stdout)
  screen.title('A function that leaks, and the fix', 'docs/testing.md')
  screen.say(linesWith(blocksBelow('## A first leak')['src/visits.js'], 'sessions.'))
  screen.say(`fixed:\n${linesWith(blocksBelow('## The fix')['src/visits.js'], 'sessions.')}`)

  const seen = []
  for (const [number, name] of Object.keys(RUNNERS).entries()) {
    screen.title(`${number + 1}  ${name}`)
    const project = makeProject(name)
    try {
      const startedAt = performance.now()
      const { code, output } = await runTests(name, project.folder, { args: name === 'node:test' ? ['--test-reporter=spec'] : [] })
      screen.say(shown(output, project.folder))
      const good = code !== 0 && LEAK.test(output) && / 1 (?:passed|passing)|^\W*pass 1$/m.test(output) && / 1 (?:failed|failing)|^\W*fail 1$/m.test(output)
      seen.push([screen.verdict(good, `one fails and says who holds what, one passes; ${((performance.now() - startedAt) / 1000).toFixed(1)} s`), name])
    } finally {
      project.remove()
    }
  }

  screen.title('Summary')
  for (const [good, name] of seen) screen.check(good, name)
  process.exitCode = seen.every(([good]) => good) ? 0 : 1
}

function linesWith (code, text) {
  return code.split('\n').filter((line) => line.includes(text)).join('\n')
}

function shown (output, folder) {
  return output.split('\n').filter((line) => !STACK.test(line) && line.trim() !== '').map((line) => line.replaceAll(`${folder}/`, '')).join('\n')
}

demo().catch(exitWith)
