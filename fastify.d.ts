// A Fastify plugin that counts requests beside the memory: `fastify.register(require('tidemark/fastify'))`.

import type { ExpressOptions } from './express'

/**
 * For Fastify 4.10 and later. The options are those of `tidemark.express()`. Starts the monitor if it is not running;
 * `tidemark.express.status()` has the counts.
 */
declare function fastify (instance: any, options: ExpressOptions, done: (error?: Error) => void): void

export = fastify
