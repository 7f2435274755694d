// Must not compile: every line under a @ts-expect-error is a mistake that the types catch. One that
// they let through fails the check, because then the comment is unused.

import tidemark, { on, start, status } from 'tidemark'

// @ts-expect-error an unknown option
start({ detecter: 'trend' })
// @ts-expect-error not an option of the page
tidemark.dashboard({ port: 80 })
// @ts-expect-error an unknown detector
start({ detector: 'linear' })
// @ts-expect-error a number in quotes
start({ historySize: '512' })
// @ts-expect-error an unknown channel
start({ channels: ['rss'] })
// @ts-expect-error null is not an option
start({ memoryLimit: null })
// @ts-expect-error a signal that ends the process
start({ signal: 'SIGTERM' })
// @ts-expect-error options are an object
start('memwatch')
// @ts-expect-error not a field of a leak
on('leak', (leak) => console.log(leak.rate))
// @ts-expect-error may be null
on('leak', (leak) => console.log(leak.growthRate.toFixed()))
// @ts-expect-error a Date, not a number
on('leak', (leak) => console.log(leak.start * 2))
// @ts-expect-error not a kind of collection
on('gc', ({ kind }) => console.log(kind === 'scavenge'))
// @ts-expect-error a mistyped event
on('laek', () => {})
// @ts-expect-error not a field of what is told of a collection
tidemark.prependListener('gc', (gc) => console.log(gc.channel))
// @ts-expect-error a listener of another event
tidemark.removeListener('stats', (leak: tidemark.Leak) => console.log(leak))
// @ts-expect-error only what both tell
for (const event of ['leak', 'recovered'] as const) on(event, (told) => console.log(told.suspects))
// @ts-expect-error a listener is a function
on('leak', 'log')
// @ts-expect-error there is nothing to pass
tidemark.gc(true)
// @ts-expect-error only a running monitor tells about memory
console.log(status().memory.rss)
// @ts-expect-error history is read, not set
tidemark.history(10)
// @ts-expect-error a logger has info() or log()
tidemark.express({ logger: {} })
// @ts-expect-error milliseconds, not words
tidemark.express({ interval: '60s' })
// @ts-expect-error the types stand in a namespace; there is no class to make a second one
console.log(new tidemark.Monitor())
// @ts-expect-error there is no such way
tidemark.writeHeapSnapshot('x', { method: 'magic' })
// @ts-expect-error there is no such evidence
tidemark.start({ evidence: ['rumours'] })
// @ts-expect-error an earlier census, not its time
tidemark.census({ since: Date.now() })
