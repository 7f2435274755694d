'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { findSourceMap, SourceMap } = require('node:module')
const { fileURLToPath, pathToFileURL } = require('node:url')
const { isOutOfDescriptors, withSpare } = require('../spare-descriptor')

/** Reading a map blocks: one of 4 MB takes about 100 ms, and a larger one is left alone. */
const LARGEST_MAP = 4 * 1024 * 1024
/** A file that is larger is most likely a bundle, and its map takes long to read for one name. */
const LARGEST_COMPILED = 256 * 1024
/** The comment that names the map is the last line. An inline map is as long as the map itself. */
const TAIL = 4096
/** A parsed map takes several times its size. */
const MOST_MAPS = 8
const MOST_FILES = 500

/** By file, the one that is used least recently first. */
const maps = new Map()
/** Files without a map, so that they are read once. */
const without = new Set()

/**
 * Where a place stands in the source that a person wrote. A file without a source map, and a place
 * that its map does not know, stay as they are.
 * @param {import('./suspect').Location} location
 * @returns {import('./suspect').Location}
 */
function mapLocation (location) {
  const map = mapOf(location.file)
  if (map === null) return location
  try {
    const { generatedLine, originalSource, originalLine, originalColumn } =
      map.findEntry(location.line - 1, Math.max(0, location.column - 1))
    // The nearest entry before the place may be on another line: that is no answer.
    if (generatedLine !== location.line - 1 || typeof originalSource !== 'string' || originalSource === '') return location
    return { ...location, file: toPath(originalSource, location.file), line: originalLine + 1, column: originalColumn + 1 }
  } catch {
    return location
  }
}

/**
 * What a file was made from, where that is one file: what a compiler makes of it, not what a bundler does.
 * @param {string} file
 * @returns {string} itself, where nobody says
 */
function sourceOf (file) {
  try {
    const sources = maps.has(file) || sizeOf(file) <= LARGEST_COMPILED ? mapOf(file)?.payload.sources : undefined
    return sources?.length === 1 ? toPath(sources[0], file) : file
  } catch {
    return file // it is not on the disk, or may not be read
  }
}

function mapOf (file) {
  if (without.has(file)) return null
  const map = maps.get(file) ?? loadMap(file)
  if (map === undefined) return null
  if (map === null) {
    if (without.size >= MOST_FILES) without.clear()
    without.add(file)
    return null
  }
  maps.delete(file)
  maps.set(file, map)
  if (maps.size > MOST_MAPS) maps.delete(maps.keys().next().value)
  return map
}

/** A map that cannot be read or parsed is no map; undefined where it may be read later. */
function loadMap (file) {
  try {
    // Node knows the map only where the app was started with --enable-source-maps.
    return findSourceMap(file) ?? withSpare(() => readMap(file)) ?? null
  } catch (error) {
    return isOutOfDescriptors(error) ? undefined : null
  }
}

function readMap (file) {
  if (!path.isAbsolute(file)) return undefined
  const text = sizeOf(file) <= 2 * LARGEST_MAP ? fs.readFileSync(file, 'latin1') : tailOf(file)
  const at = text.lastIndexOf('//# sourceMappingURL=')
  if (at < 0) return undefined
  const [url] = text.slice(at + '//# sourceMappingURL='.length).split(/\s/, 1)
  const inline = /^data:application\/json[^,]*;base64,/.exec(url)
  if (inline !== null) return parse(Buffer.from(url.slice(inline[0].length), 'base64').toString(), file)
  if (/^[a-z]+:\/\//i.test(url)) return undefined
  const beside = fileURLToPath(new URL(url, pathToFileURL(file)))
  return sizeOf(beside) <= LARGEST_MAP ? parse(fs.readFileSync(beside, 'utf8'), beside) : undefined
}

/** @param {string} base the file that the map's sources are relative to */
function parse (json, base) {
  if (json.length > LARGEST_MAP) return undefined
  const payload = JSON.parse(json)
  const root = payload.sourceRoot ? `${payload.sourceRoot.replace(/\/$/, '')}/` : ''
  const sources = payload.sources.map((source) => new URL(root + source, pathToFileURL(base)).href)
  return new SourceMap({ ...payload, sourceRoot: '', sources })
}

function sizeOf (file) {
  return fs.statSync(file).size
}

function tailOf (file) {
  const descriptor = fs.openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(TAIL)
    const read = fs.readSync(descriptor, buffer, 0, TAIL, sizeOf(file) - TAIL)
    return buffer.toString('latin1', 0, read)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Bundlers give their sources URLs of their own, which no file has. */
function toPath (source, generated) {
  if (source.startsWith('file:')) return fileURLToPath(source)
  if (/^[a-z-]+:/i.test(source) || path.isAbsolute(source)) return source
  return path.resolve(path.dirname(generated), source)
}

module.exports = { mapLocation, sourceOf }
