'use strict'

module.exports = {
  'chunks-that-are-joined': {
    kind: 'Buffers and slices',
    make () {
      let wholeBody = Buffer.alloc(0)
      let body = Buffer.alloc(0)
      let n = 0
      return {
        leaky () {
          wholeBody = Buffer.concat([wholeBody, Buffer.alloc(64, n++)])
        },
        clean () {
          body = Buffer.concat([body, Buffer.alloc(64, n++)])
          if (body.length >= 65536) body = Buffer.alloc(0)
        }
      }
    },
    culprit: /\bwholeBody\b/
  },

  'slices-of-the-pool': {
    kind: 'Buffers and slices',
    make () {
      const etags = []
      let n = 0
      const small = () => Buffer.from(`W/"etag-${n++}"`)
      return {
        // One small Buffer holds all 8 kB of the pool that it is a slice of.
        leaky () {
          etags.push(Array.from({ length: 100 }, small)[0])
        },
        clean () {
          const all = Array.from({ length: 20 }, small)
          return Buffer.concat(all).length
        }
      }
    },
    culprit: /\betags\b/
  },

  'chunks-kept': {
    kind: 'Buffers and slices',
    make () {
      const uploads = []
      const ring = []
      let n = 0
      return {
        leaky () {
          uploads.push(Buffer.alloc(10000, n++))
        },
        clean () {
          ring[n++ % 16] = Buffer.alloc(1000 + Math.floor(Math.random() * 30000), n)
        }
      }
    },
    culprit: /\buploads\b/
  },

  'views-of-one-buffer': {
    kind: 'typed arrays over one ArrayBuffer',
    make () {
      const shared = new ArrayBuffer(1 << 20)
      const meshes = []
      let n = 0
      return {
        leaky () {
          meshes.push(new Float32Array(shared, (n++ % 1000) * 4, 16))
        },
        clean () {
          const view = new Float32Array(shared, (n++ % 1000) * 4, 16)
          view[0] = n
          return view.subarray(0, 4).length
        }
      }
    },
    culprit: /\bmeshes\b/
  },

  'pieces-of-a-page': {
    kind: 'string slices',
    make () {
      const titles = new Set()
      const short = new Map()
      let n = 0
      const page = () => `<title>${n++}: what is told here</title>${'.'.repeat(20000)}`.split('').join('')
      const title = (text) => text.substring(7, text.indexOf('</title>'))
      return {
        leaky () {
          titles.add(title(page()))
        },
        clean () {
          short.set(n % 50, title(page()))
        }
      }
    },
    culprit: /\btitles\b/
  },

  'instances-of-a-module': {
    kind: 'WebAssembly',
    make () {
      // (module (table 10 funcref) (global (mut i32) (i32.const 0)))
      const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 0x70, 0, 10, 6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b]))
      const sandboxes = []
      return {
        leaky () {
          sandboxes.push(new WebAssembly.Instance(module))
        },
        clean () {
          return Object.keys(new WebAssembly.Instance(module).exports).length
        }
      }
    },
    culprit: /\bsandboxes\b/
  },

  'memory-that-grows': {
    kind: 'WebAssembly',
    // Node.js 26 counts the memories of WebAssembly nowhere in process.memoryUsage() but in rss.
    until: 24,
    make () {
      const scratch = new WebAssembly.Memory({ initial: 1, maximum: 60000 })
      const fixed = new WebAssembly.Memory({ initial: 16 })
      let top = 0
      let n = 0
      // A bump allocator, 20 kB a call, which the leaky one never resets.
      return {
        leaky () {
          top += 20000
          if (top > scratch.buffer.byteLength) scratch.grow(1)
          new Uint8Array(scratch.buffer, top - 20000, 100).fill(n++)
        },
        clean () {
          new Uint8Array(fixed.buffer, 20000 * (n++ % 50), 100).fill(n)
        }
      }
    },
    culprit: /\bscratch\b|\bMemory\b/
  }
}
