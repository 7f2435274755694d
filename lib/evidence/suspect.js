'use strict'

/**
 * Where in the code: as a stack trace has it, lines and columns from 1, source maps applied.
 * @typedef {{file: string, line: number, column: number, function: string | null}} Location
 *
 * One observation behind a suspicion. `kind` says who saw it, `description` is a sentence for a
 * person, the rest are the numbers that the sentence tells. JSON all the way down.
 * @typedef {{kind: string, description: string, [number: string]: unknown}} Observation
 *
 * What an evidence source reports: one possible cause of the growth, not yet ranked among others.
 * `bytes` is what it holds now, `growth` what it gained within `intervalMs`; null where unknown.
 * `key` names the cause within its kind, the same in every process that runs the same code.
 * `links` are what else it is the same cause as: `route:<name>`, `function:<file>:<line>:<column>`
 * (1-based, where the function begins), `file:<file>`, `type:<constructor>`,
 * `holder:<key>` (a container, as the census and a snapshot both call it). `weight` is 0 to 1: how
 * near this kind of observation comes to naming the cause, all else being equal. `atLeast`: bytes and growth are
 * lower bounds. `bound`: where the growth of a container ends by itself.
 * @typedef {{
 *   kind: 'route' | 'site' | 'container' | 'listeners' | 'resources' | 'retainer',
 *   key: string,
 *   description: string,
 *   bytes: number | null,
 *   growth: number | null,
 *   intervalMs: number | null,
 *   atLeast?: boolean,
 *   bound?: import('./excuse').Bound,
 *   confidence: number,
 *   weight: number,
 *   location: Location | null,
 *   links: string[],
 *   evidence: Observation[]
 * }} Finding
 *
 * An object of which a source knows that it is kept, such as a request of a route.
 * @typedef {{route: string, ref: WeakRef<object>}} Held
 *
 * Every source of evidence has the same face, and whoever asks it knows no more than this. `level` is what the last
 * full GC left of the heap, `channel` whose leak is to be explained. None of them throws, whatever the app does.
 *
 * What only some have:
 * - `reported`: the app was told of a leak, the moment for what is too dear for a suspicion.
 * - `isPending`: findings are still to come, so that it is neither stopped nor looked at a last time.
 * - `link`: adds links and observations to what others found.
 * - `isBounding`: its findings may have a `bound`. It is asked again and again whether the growth of a container that
 *   was excused by one still is, so asking has to be cheap.
 * - `held`: at most 16 objects that are kept, for sources that meet them in a container.
 *
 * @typedef {{
 *   start (): void,
 *   tick (now: number, sample: {fullGcs: number, level: number | undefined}): void,
 *   stop (): void,
 *   findings (channel: string): Promise<Finding[]>,
 *   reported? (channel: string, timeLeftMs: number): void,
 *   link? (findings: Finding[]): Promise<void>,
 *   held? (): Held[],
 *   isPending?: boolean,
 *   isBounding?: boolean,
 *   cost: {durationMs: number},
 *   problems: string[]
 * }} EvidenceSource
 */

/** The key of the site of what no code of the app or of a package asked for. */
const NODE_KEY = 'node:internal'

module.exports = { NODE_KEY }
