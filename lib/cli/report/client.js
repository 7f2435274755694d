'use strict'

/* global document, window */

// The picture of the dominator tree, in the reader's browser. Text only ever becomes text nodes.
{
  const { bytes, grouped, percent } = require('../../format')
  const SVG = 'http://www.w3.org/2000/svg'
  const ROW = 24
  /** Narrower boxes are not drawn, in pixels. */
  const NARROWEST = 1.5
  const MOST_ROWS = 24

  const parts = JSON.parse(document.getElementById('data')?.textContent ?? '')
    .map(([parent, label, className, id, count, size, selfSize]) =>
      ({ parent, label, className, id, count, size, selfSize, children: [] }))
  for (const part of parts) if (part.parent !== null) parts[part.parent].children.push(part)
  const root = parts[0]
  const holder = /** @type {HTMLElement} */ (document.getElementById('icicle'))
  const detail = /** @type {HTMLElement} */ (document.getElementById('detail'))
  let zoomed = root

  const above = (part) => part.parent === null ? [] : [...above(parts[part.parent]), parts[part.parent]]

  function draw () {
    const width = holder.clientWidth || 1000
    const ancestors = above(zoomed)
    const boxes = ancestors.map((part, row) => ({ part, x: 0, width, row }))
    place(zoomed, 0, width, ancestors.length, boxes)
    const rows = Math.max(...boxes.map(({ row }) => row)) + 1
    const svg = document.createElementNS(SVG, 'svg')
    svg.setAttribute('height', String(rows * ROW))
    svg.setAttribute('role', 'tree')
    for (const box of boxes) svg.append(drawBox(box))
    holder.replaceChildren(svg)
  }

  function place (part, x, width, row, boxes) {
    boxes.push({ part, x, width, row })
    if (row >= MOST_ROWS + above(zoomed).length) return
    let at = x
    for (const child of part.children) {
      const share = width * child.size / Math.max(1, part.size)
      if (share >= NARROWEST) place(child, at, share, row + 1, boxes)
      at += share
    }
  }

  function drawBox ({ part, x, width, row }) {
    const group = document.createElementNS(SVG, 'g')
    group.setAttribute('tabindex', '0')
    group.setAttribute('role', 'treeitem')
    const rect = document.createElementNS(SVG, 'rect')
    for (const [name, value] of Object.entries({ x, y: row * ROW, width, height: ROW })) rect.setAttribute(name, String(value))
    rect.style.fill = `hsl(${hue(part.className)} ${part.id === null ? 18 : 42}% var(--box-light))`
    const title = document.createElementNS(SVG, 'title')
    title.textContent = sentence(part)
    group.append(rect, title)
    const letters = Math.floor((width - 10) / 6.6)
    if (letters >= 4) {
      const text = document.createElementNS(SVG, 'text')
      text.setAttribute('x', String(x + 5))
      text.setAttribute('y', String(row * ROW + 16))
      const shown = name(part)
      text.textContent = shown.length > letters ? `${shown.slice(0, letters - 1)}…` : shown
      group.append(text)
    }
    const zoom = () => {
      detail.textContent = sentence(part)
      if (part.children.length === 0) return
      zoomed = part
      draw()
      // Drawing anew takes the focus away from whoever came by keyboard.
      holder.querySelectorAll('g')[above(part).length].focus()
    }
    group.addEventListener('click', zoom)
    group.addEventListener('keydown', (event) => { if (event.key === 'Enter') zoom() })
    for (const event of ['mouseenter', 'focus']) group.addEventListener(event, () => { detail.textContent = sentence(part) })
    return group
  }

  function name (part) {
    const many = part.count > 1 ? `${grouped(part.count)} × ` : ''
    return `${many}${part.label}  ${bytes(part.size)}`
  }

  function sentence (part) {
    const share = percent(part.size / Math.max(1, root.size))
    const who = part.id === null
      ? `${grouped(part.count)} × ${part.label}, each too small to be shown alone`
      : `${part.label} @${part.id}`
    return `${who}: keeps ${bytes(part.size)} alive (${share} of the heap), ${bytes(part.selfSize)} itself`
  }

  /** A class has one colour wherever it is. */
  function hue (text) {
    let hash = 0
    for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 360
    return hash
  }

  window.addEventListener('resize', draw)
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    zoomed = root
    draw()
  })
  detail.textContent = sentence(root)
  draw()
}
