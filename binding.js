'use strict'

// The native module: the one beside this file, as a clone has built it, else the package of a release for this platform.
// Not the loader that napi generates: that is 37 kB that each start reads, and to find out which C library there is it asks
// for a report or starts a process where /usr/bin/ldd is missing, as in distroless images. Here both are tried, glibc first:
// of the two packages npm installs the one that fits, and the other library is not loaded where its C library is missing.

/** Each name stands here as it is, and within a `try`, for bundlers. */
function load () {
  const errors = []
  switch (`${process.platform}-${process.arch}`) {
    case 'linux-x64':
      try { return require('./tidemark.linux-x64-gnu.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-linux-x64-gnu') } catch (error) { errors.push(error) }
      try { return require('./tidemark.linux-x64-musl.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-linux-x64-musl') } catch (error) { errors.push(error) }
      break
    case 'linux-arm64':
      try { return require('./tidemark.linux-arm64-gnu.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-linux-arm64-gnu') } catch (error) { errors.push(error) }
      try { return require('./tidemark.linux-arm64-musl.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-linux-arm64-musl') } catch (error) { errors.push(error) }
      break
    case 'darwin-arm64':
      try { return require('./tidemark.darwin-arm64.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-darwin-arm64') } catch (error) { errors.push(error) }
      break
    case 'darwin-x64':
      try { return require('./tidemark.darwin-x64.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-darwin-x64') } catch (error) { errors.push(error) }
      break
    case 'win32-x64':
      try { return require('./tidemark.win32-x64-msvc.node') } catch (error) { errors.push(error) }
      try { return require('tidemark-win32-x64-msvc') } catch (error) { errors.push(error) }
  }
  throw new AggregateError(errors)
}

module.exports = load()
