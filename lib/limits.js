'use strict'

/**
 * What a limit is called in a sentence.
 * @param {'heap' | 'cgroup' | 'machine' | 'memoryLimit'} limit
 * @param {{slows?: boolean, whose?: string}} [how] slows: the container's one does not kill; whose: 'its' where the sentence is
 *   about another process
 * @returns {string}
 */
function limitInWords (limit, { slows = false, whose = 'the' } = {}) {
  if (limit === 'heap') return 'V8\'s heap limit'
  if (limit === 'machine') return 'the end of the machine\'s memory'
  if (limit === 'memoryLimit') return '`memoryLimit`'
  return slows ? `the memory that ${whose} container may use before the kernel slows it (memory.high)` : `the memory limit of ${whose} container`
}

module.exports = { limitInWords }
