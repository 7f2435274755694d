
(() => {
  'use strict'

  const { bytes, percent } = require('../../format')
  const ROW = 20
  /** Narrower than this share of the page is not drawn; a click on what is above shows it. */
  const LEAST = 0.0012
  const NARROW = 0.02

  const { root, frames, sites } = JSON.parse(document.getElementById('data')?.textContent ?? '')
  const [graph, tip, search, found, reset] = ['graph', 'tip', 'search', 'found', 'reset'].map((id) => /** @type {HTMLElement} */ (document.getElementById(id)))
  const all = toNode(root, null)
  let zoomed = all
  let term = ''

  function toNode ([frame, total, self, growth, children], parent) {
    const [name, place, owner] = frames[frame]
    const node = { name, place, owner, total, self, growth, parent, children: [] }
    node.children = children.map((child) => toNode(child, node))
    return node
  }

  function draw () {
    graph.replaceChildren()
    const path = []
    for (let node = zoomed.parent; node !== null; node = node.parent) path.unshift(node)
    path.forEach((node, depth) => graph.append(box(node, 0, 1, depth, true)))
    let deepest = path.length
    const place = (node, left, depth) => {
      const width = node.total / zoomed.total
      if (!(width >= LEAST)) return
      deepest = Math.max(deepest, depth)
      graph.append(box(node, left, width, depth, false))
      let at = left
      for (const child of node.children) {
        place(child, at, depth + 1)
        at += child.total / zoomed.total
      }
    }
    place(zoomed, 0, path.length)
    graph.style.height = `${(deepest + 1) * ROW}px`
    reset.hidden = zoomed === all
    tellFound()
  }

  function box (node, left, width, depth, above) {
    const element = document.createElement('div')
    element.className = `frame ${node.owner}`
    element.classList.toggle('above', above)
    element.classList.toggle('narrow', width < NARROW)
    if (term !== '') element.classList.add(matches(node) ? 'hit' : 'dim')
    element.style.left = `${left * 100}%`
    element.style.width = `${width * 100}%`
    element.style.top = `${depth * ROW}px`
    element.style.setProperty('--fill', grows(node) ? 'var(--grows)' : 'var(--stays)')
    element.textContent = node.owner === 'root' ? `all, ${bytes(node.total)}` : `${node.name} ${label(node.place)}`
    element.tabIndex = 0
    element.setAttribute('role', 'button')
    const zoom = () => {
      zoomed = node
      tip.hidden = true
      draw()
    }
    element.addEventListener('click', zoom)
    element.addEventListener('keydown', (event) => { if (event.key === 'Enter') zoom() })
    element.addEventListener('mousemove', (event) => showTip(node, event.clientX, event.clientY))
    element.addEventListener('mouseleave', () => { tip.hidden = true })
    element.addEventListener('focus', () => {
      const { left, bottom } = element.getBoundingClientRect()
      showTip(node, left, bottom)
    })
    element.addEventListener('blur', () => { tip.hidden = true })
    return element
  }

  /** A tenth of what is alive must be growth, or it is chance. */
  function grows ({ growth, total }) {
    return growth > total / 10 && growth > all.total / 1000
  }

  function showTip (node, x, y) {
    const share = (part) => percent(part / all.total)
    const lines = [
      [node.owner === 'root' ? 'everything' : node.name, 'b'],
      [node.place, 'span'],
      [`${bytes(node.total)} alive, ${share(node.total)} of all`, 'div'],
      [`${bytes(node.self)} allocated by itself`, 'div'],
      [`${node.growth > 0 ? '+' : ''}${bytes(node.growth)} from the first half to the second`, 'div']
    ]
    tip.replaceChildren(...lines.filter(([text]) => text !== '').map(([text, tag]) => {
      const line = document.createElement(tag)
      line.textContent = text
      return line
    }))
    tip.hidden = false
    const { width, height } = tip.getBoundingClientRect()
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`
    tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 10) : y + 18}px`
  }

  function matches ({ name, place }) {
    return name.toLowerCase().includes(term) || place.toLowerCase().includes(term)
  }

  function tellFound () {
    if (term === '') {
      found.textContent = ''
      return
    }
    // What a match calls is within it already.
    const bytesOf = (node) => matches(node) ? node.total : node.children.reduce((sum, child) => sum + bytesOf(child), 0)
    const total = bytesOf(all)
    found.textContent = `${bytes(total)}, ${percent(total / all.total)}`
  }

  /** A package's file with the package, other files without their folders. */
  function label (place) {
    const parts = place.split(/[\\/]/)
    const modules = parts.lastIndexOf('node_modules')
    return modules < 0 ? parts.pop() : parts.slice(modules + 1).join('/')
  }

  function row ({ name, key, place, bytes: alive, growth, share, confidence }) {
    const element = document.createElement('tr')
    const cells = [place === '' ? key : name, bytes(alive), bytes(growth), percent(share), confidence.toFixed(2)]
    for (const text of cells) {
      const cell = document.createElement('td')
      cell.textContent = text
      element.append(cell)
    }
    const where = document.createElement('small')
    where.textContent = place
    element.firstElementChild?.append(where)
    return element
  }

  search.addEventListener('input', () => {
    term = /** @type {HTMLInputElement} */ (search).value.trim().toLowerCase()
    draw()
  })
  reset.addEventListener('click', () => {
    zoomed = all
    draw()
  })
  addEventListener('keydown', ({ key }) => { if (key === 'Escape') reset.click() })
  document.querySelector('#sites tbody')?.append(...sites.map(row))
  draw()
})()
