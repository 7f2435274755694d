// Hono middleware that counts requests beside the memory: `app.use(hono())` of `import hono from 'tidemark/hono'`.

import type { ExpressOptions } from './express'

/**
 * To be used before the routes, for Hono 4 on @hono/node-server. Elsewhere it counts nothing. Starts the monitor if it is
 * not running; `tidemark.express.status()` has the counts.
 */
declare function hono (options?: ExpressOptions): (context: any, next: () => Promise<void>) => Promise<void>

export = hono
