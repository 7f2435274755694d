'use strict'

// What a process can be in, or under, when it is captured. For each: how it is started, what its
// program does beside (a situation of __test__/programs/snapshot-conditions.js), and how captures may end.

const { existsSync } = require('node:fs')
const { Group, lines, setting, withCapability } = require('./outside')

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

const COMPLETE = /^complete$/
const FORCED = /^complete$|^failed (memory|killed|child.*memory)/

/** @typedef {{name: string, args?: string[], env?: object, wrap?: string[], situation?: string, heapMb?: number, options?: object,
 *   may: RegExp, folder?: string, nobody?: boolean, around?: (binary: string) => {undo: () => void, wrap?: string[], binary?: string}}} Condition
 *   may: how a capture may end, 'complete', 'refused REASON' or 'failed REASON' */

/** @type {Condition[]} */
const CONDITIONS = [
  { name: 'nothing special', may: COMPLETE },

  { name: 'an inspector session in the process, everything on', situation: 'inspector session', may: COMPLETE },
  { name: '--inspect with a client, everything on', args: ['--inspect=0'], situation: 'inspector client', may: COMPLETE },
  { name: 'WebAssembly compiling, also in a worker', situation: 'wasm', may: COMPLETE },
  { name: 'workers started and terminated all the time', situation: 'worker churn', may: COMPLETE },
  { name: 'workers in Atomics.wait, large Buffers', situation: 'shared memory', may: COMPLETE },
  { name: 'all of the heap written to meanwhile', situation: 'writing to all of its memory', heapMb: 12, may: COMPLETE },

  { name: '--v8-pool-size=0', args: ['--v8-pool-size=0'], situation: 'allocating', may: COMPLETE },
  { name: '--v8-pool-size=1', args: ['--v8-pool-size=1'], situation: 'allocating', may: COMPLETE },
  { name: '--v8-pool-size=16', args: ['--v8-pool-size=16'], situation: 'allocating', may: COMPLETE },
  { name: '--single-threaded', args: ['--single-threaded'], situation: 'allocating', may: COMPLETE },
  { name: '--jitless', args: ['--jitless'], situation: 'allocating', may: COMPLETE },
  { name: '--max-old-space-size=8000', args: ['--max-old-space-size=8000'], situation: 'allocating', may: COMPLETE },
  { name: '--max-old-space-size=40', args: ['--max-old-space-size=40'], situation: 'allocating', may: COMPLETE },
  { name: '--expose-gc --stress-compaction', args: ['--expose-gc', '--stress-compaction'], situation: 'allocating', may: COMPLETE },
  { name: 'UV_THREADPOOL_SIZE=64', env: { UV_THREADPOOL_SIZE: '64' }, situation: 'allocating', may: COMPLETE },

  ...[['jemalloc', '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'], ['mimalloc', '/usr/lib/x86_64-linux-gnu/libmimalloc.so.2']]
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => ({ name: `${name} preloaded`, env: { LD_PRELOAD: file }, situation: 'worker churn', may: COMPLETE })),

  { name: 'not root', wrap: NOBODY, nobody: true, may: COMPLETE },
  { name: 'not root, no new privileges', wrap: [...NOBODY, '--no-new-privs'], nobody: true, may: COMPLETE },
  { name: 'a seccomp filter already', wrap: lines('python3', 'seccomp.py', 'allow'), may: COMPLETE },
  { name: 'a seccomp filter that forbids another', wrap: lines('python3', 'seccomp.py', 'no-seccomp'), may: /^(refused|failed) / },
  { name: 'a program with file capabilities, not root', wrap: NOBODY, nobody: true, around: withCapability, may: /^(complete|refused|failed)/ },
  { name: 'another user by process.setuid()', situation: 'changed user', nobody: true, env: { NO_SPAWN: '1' }, may: /^refused unsupported.*setuid/ },
  { name: '/proc hides other processes (hidepid=2), not root', wrap: lines('unshare', '-m', '--pid', '--fork', '--mount-proc', 'sh', '-c', 'mount -o remount,hidepid=2 /proc && exec "$@"', 'sh', ...NOBODY), nobody: true, may: COMPLETE },
  { name: 'process number 1', wrap: ['unshare', '--fork', '--pid', '--mount-proc'], may: COMPLETE },
  { name: '/proc read-only', wrap: lines('unshare', '-m', 'sh', '-c', 'mount --bind /proc /proc && mount -o remount,bind,ro /proc && exec "$@"', 'sh'), may: /^refused unsupported.*read-only/ },
  { name: 'no /proc', wrap: lines('unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'), env: { NO_SPAWN: '1' }, may: /^refused unsupported.*not mounted/ },

  { name: 'RLIMIT_AS nearly used up', situation: 'little address space', heapMb: 60, env: { NO_SPAWN: '1' }, may: /^refused memory/ },
  { name: 'RLIMIT_AS nearly used up, by force', situation: 'little address space', heapMb: 60, options: { force: true }, env: { NO_SPAWN: '1' }, may: FORCED },
  { name: 'RLIMIT_DATA nearly used up, not root', situation: 'little data', heapMb: 60, wrap: NOBODY, env: { NO_SPAWN: '1' }, nobody: true, may: /^refused memory/ },
  { name: 'RLIMIT_NPROC used up, not root', wrap: [...NOBODY, 'prlimit', '--nproc=11'], env: { NO_SPAWN: '1' }, nobody: true, may: /^(complete|refused|failed)/ },
  { name: 'RLIMIT_NOFILE 24', wrap: ['prlimit', '--nofile=24'], env: { NO_SPAWN: '1' }, may: /^(complete|refused|failed)/ },

  { name: 'THP always', situation: 'allocating', heapMb: 12, around: setting('/sys/kernel/mm/transparent_hugepage/enabled', 'always', /\[(\w+)\]/), may: COMPLETE },

  { name: 'memory group with room', around: Group.of(500), heapMb: 12, situation: 'writing to all of its memory', may: COMPLETE },
  { name: 'memory group too small', around: Group.of(350), heapMb: 60, may: /^refused memory/ },
  { name: 'memory group too small, by force', around: Group.of(350), heapMb: 60, options: { force: true }, may: FORCED },
  { name: 'memory group filled by another, by force', around: Group.of(600, 460), heapMb: 60, options: { force: true }, may: FORCED },
  { name: 'memory group, file in memory (tmpfs)', around: Group.of(300), heapMb: 12, folder: '/dev/shm', may: /^(complete|refused memory)/ },
  { name: 'memory group, file in memory, by force', around: Group.of(230), heapMb: 12, folder: '/dev/shm', options: { force: true }, may: FORCED }
]

const strict = setting('/proc/sys/vm/overcommit_memory', '2', /(\d)/)

/** Changes the whole machine for its time: only when asked for. */
const DANGEROUS = [
  { name: 'overcommit_memory=2', situation: 'allocating', heapMb: 30, around: strict, may: COMPLETE },
  { name: 'overcommit_memory=2, most of it claimed', situation: 'large claims', around: strict, env: { NO_SPAWN: '1' }, may: /^refused memory.*vm\.overcommit_memory/ }
]

module.exports = { CONDITIONS, DANGEROUS }
