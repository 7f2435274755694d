// `require('tidemark/test/matchers')`, or named in the setup files of Jest (`setupFilesAfterEnv`) or Vitest (`setupFiles`).

import type { LeakTestOptions } from './test'

interface LeakMatchers {
  /**
   * `await expect(fn).not.toLeak()`: as `assertNoLeak(fn)`. What is undecided fails, and so does `.toLeak()` of it.
   */
  toLeak (options?: LeakTestOptions): Promise<void>
  /** `await expect(() => makeThing()).toBeCollected()`: as `assertCollected()`. */
  toBeCollected (options?: { budget?: number | undefined }): Promise<void>
}

declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends LeakMatchers {}
  }
}

// Jest's without globals, and Vitest's from 3.2 on: neither has to be installed.

// @ts-ignore
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends LeakMatchers {}
}

// @ts-ignore
declare module 'vitest' {
  interface Matchers<T = any> extends LeakMatchers {}
}

type Matcher = (this: any, received: any, options?: any) => Promise<{ pass: boolean, message: () => string }>

/** For `expect.extend()`. */
export const toLeak: Matcher
export const toBeCollected: Matcher
