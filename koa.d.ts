// Koa middleware that counts requests beside the memory: `app.use(require('tidemark/koa')())`.

import type { ExpressOptions, RequestLike, ResponseLike } from './express'

/** What the middleware needs of Koa's context. */
interface KoaContextLike {
  req: RequestLike
  res: ResponseLike
}

/**
 * To be used before the router, for Koa with @koa/router. Starts the monitor if it is not running;
 * `tidemark.express.status()` has the counts.
 */
declare function koa (options?: ExpressOptions): (context: KoaContextLike, next: () => Promise<any>) => Promise<void>

declare namespace koa {
  export { KoaContextLike }
}

export = koa
