'use strict'

/* global document, window, location, EventSource, ResizeObserver, AbortController, format, uPlot */

// The script of the live page. Runs in a browser: what it shows comes by events, and is text wherever it stands.
{
  const { bytes, duration, grouped, rate } = format

  // Columns of a point.
  const [TIME, HEAP, EXTERNAL, NATIVE, RSS, REQUESTS, P99, PAUSE] = [0, 1, 2, 3, 4, 5, 6, 7]

  /** After so many new points the page asks for everything anew, which the server has at a lower resolution. */
  const MOST_NEW = 3000
  /** A limit further away than this many times what is shown would flatten the rest. */
  const FAR = 2.5
  /** The forecast reaches this share of the time that is shown into the future. */
  const AHEAD = 0.3
  /** Marks of full GCs stand at least so many pixels apart. */
  const APART = 4
  /** What is said where there are no suspects, by the state. */
  const SEARCHES = { suspect: 'Suspects are looked for while memory grows, and named with the report.', leaking: 'None is known yet.', critical: 'None is known.', dead: 'None was reported.' }
  /** After a refusal the page asks again. */
  const AGAIN_MS = 10000

  /** Of the page itself, which has them all. @returns {HTMLElement} */
  const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id))
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name=range]'))
  const set = (id, text) => { if (element(id).textContent !== text) element(id).textContent = text }
  const colour = (name) => window.getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  /** @type {Intl.DateTimeFormatOptions} */
  const HOURS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  /** @type {Intl.DateTimeFormatOptions} */
  const DAYS = { month: 'short', day: 'numeric' }
  const clock = (time) => new Date(time).toLocaleTimeString([], { ...HOURS, second: '2-digit' })
  /** With the day where that is not today. */
  const moment = (time) => `${new Date(time).toDateString() === new Date().toDateString() ? '' : `${new Date(time).toLocaleDateString([], DAYS)} `}${clock(time)}`
  const size = (value) => value === 0 ? '0' : bytes(value)
  const milliseconds = (ms) => ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms)

  /** What the server said last, without its points. @type {Record<string, any> | null} */
  let face = null
  let points = []
  /** How many of them came at once. */
  let received = 0
  let subject = new URLSearchParams(location.hash.slice(1)).get('subject') ?? ''
  let source
  let again
  /** Milliseconds; 0 for all. */
  let range = 0
  /** What the pointer selected. @type {[number, number] | null} */
  let zoom = null
  let isLimitShown = false

  // What comes from the server

  function connect () {
    clearTimeout(again)
    source?.close()
    source = new EventSource(`${base()}events${subject === '' ? '' : `?subject=${encodeURIComponent(subject)}`}`)
    source.addEventListener('view', ({ data }) => {
      const { points: all, ...rest } = JSON.parse(data)
      points = all
      received = all.length
      show(rest)
    })
    source.addEventListener('update', ({ data }) => {
      const { points: newer, ...rest } = JSON.parse(data)
      const last = points.at(-1)?.[TIME] ?? 0
      points.push(...newer.filter((point) => point[TIME] > last))
      if (points.length - received > MOST_NEW) connect()
      else show(rest)
    })
    source.addEventListener('error', () => {
      link('lost', 'Not connected; what is shown is old.')
      if (source.readyState === EventSource.CLOSED) askWhy()
    })
  }

  /** An EventSource does not tell what the server answered. */
  async function askWhy () {
    const abort = new AbortController()
    try {
      const response = await fetch(source.url, { signal: abort.signal })
      if (!response.ok) link('lost', await response.text())
    } catch {}
    abort.abort()
    again = setTimeout(connect, AGAIN_MS)
  }

  /** The page may be asked for with or without a slash at its end. */
  function base () {
    return location.pathname.replace(/\/?$/, '/')
  }

  function link (name, text) {
    element('link').className = `quiet ${name}`
    set('link', text)
  }

  // Words

  /** @param {Record<string, any>} next */
  function show (next) {
    face = next
    const { state, badge, sentence, detail, title, subtitle } = face
    link(face.isLive === false ? '' : 'live', face.isLive === false ? 'A recording' : 'Live')
    document.title = `${badge}: ${title} - tidemark`
    set('title', title)
    set('subtitle', subtitle)
    element('badge').className = `badge ${state}`
    set('badge', badge)
    set('sentence', sentence)
    set('detail', detail)
    // The sentence has a time in it that changes with each reading; what is read aloud is each change of the state.
    if (isNew('state', [state, title, subtitle])) set('announcement', `${badge}. ${sentence}`)
    showProcesses(face.processes ?? [])
    set('no-suspects', SEARCHES[state] ?? 'Nothing is suspected. Suspects are looked for once memory grows.')
    showSuspects(face.suspects)
    showChannels(face.channels)
    list('told', face.told, ({ time, message }) => [made('time', moment(time)), message])
    list('problems', face.problems, (problem) => [problem])
    facts(face.facts)
    draw()
  }

  function showChannels (channels) {
    if (!isNew('channels', channels)) return
    element('channels').classList.toggle('unexplained', channels.every(({ reason }) => reason === ''))
    rows(document.querySelector('#channels tbody'), channels, ({ name, state, title, level, growth, reason }) =>
      [header(name), cell(title, `word ${state}`), cell(level), cell(growth), cell(reason, 'name')])
  }

  const shown = new Map()

  /** What is the same stays as it is: it may be selected, focused or opened. */
  function isNew (id, value) {
    const text = JSON.stringify(value)
    const before = shown.get(id)
    shown.set(id, text)
    return before !== text
  }

  function showProcesses (processes) {
    if (!isNew('processes', processes)) return
    element('processes').hidden = processes.length < 2
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.key
    const body = /** @type {HTMLTableSectionElement} */ (document.querySelector('#processes tbody'))
    rows(body, processes, ({ key, name, pid, threadId, state, badge, heap, rss, growth, left, seen }) => {
      return [key === null ? header(name) : chooser(key, name), cell(pid), cell(threadId), cell(badge, `word ${state}`), cell(heap), cell(rss), cell(growth), cell(left), cell(typeof seen === 'number' ? moment(seen) : seen, 'word')]
    })
    processes.forEach(({ isThis, isGone }, at) => {
      if (isThis) body.rows[at].setAttribute('aria-current', 'true')
      body.rows[at].classList.toggle('gone', isGone)
    })
    if (focused !== undefined) [...body.querySelectorAll('button')].find(({ dataset }) => dataset.key === focused)?.focus()
  }

  /** Leads to another process; in an app's own page there is none, and no key. */
  function chooser (key, name) {
    const button = made('button', name)
    button.type = 'button'
    button.dataset.key = key
    button.addEventListener('click', () => choosing(key))
    const cell = header('')
    cell.append(button)
    return cell
  }

  function choosing (key) {
    subject = key
    location.hash = new URLSearchParams({ subject }).toString()
    zoom = null
    connect()
  }

  function showSuspects (suspects) {
    if (!isNew('suspects', suspects)) return
    const opened = new Set([.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#suspects details[open]'))].map(({ dataset }) => dataset.key))
    element('no-suspects').hidden = suspects.length > 0
    element('suspects').replaceChildren(...suspects.map(({ description, holder, place, facts, evidence }) => {
      const item = made('li', '')
      item.append(made('strong', description))
      if (place !== '') {
        const line = made('p', '')
        line.append(made('code', place))
        item.append(line)
      }
      if (holder !== '') item.append(made('p', `Held by: ${holder}`))
      item.append(made('p', facts, 'quiet'))
      if (evidence.length > 0) {
        const details = made('details', '')
        details.dataset.key = description
        details.open = opened.has(description)
        const all = made('ul', '')
        all.append(...evidence.map((each) => made('li', each)))
        details.append(made('summary', 'What was seen'), all)
        item.append(details)
      }
      return item
    }))
  }

  function list (id, items, parts) {
    if (!isNew(id, items)) return
    element(`${id}-section`).hidden = items.length === 0
    element(id).replaceChildren(...items.map((item) => {
      const line = made('li', '')
      line.append(...parts(item))
      return line
    }))
  }

  function facts (pairs) {
    element('facts').replaceChildren(...pairs.map(([name, value]) => {
      const pair = made('div', '')
      pair.append(made('dt', name), made('dd', value))
      return pair
    }))
  }

  function rows (body, items, cells) {
    body.replaceChildren(...items.map((item) => {
      const row = made('tr', '')
      row.append(...cells(item))
      return row
    }))
  }

  function header (text) {
    const cell = made('th', text, 'name')
    cell.scope = 'row'
    return cell
  }

  function cell (text, className = '') {
    return made('td', text, className)
  }

  function made (name, text, className = '') {
    const node = document.createElement(name)
    node.textContent = text
    if (className !== '') node.className = className
    return node
  }

  // Charts

  const SYNC = uPlot.sync('tidemark')
  const AXIS_FONT = '12px system-ui, sans-serif'
  /**
   * @typedef {{
   *   name: string, label: string, column: number, say: (value: number) => string, width: number,
   *   points?: boolean, scale?: string, isHidden?: boolean
   * }} Line
   * @typedef {{id: string, lines: Line[], scales: uPlot.Scales, axes: uPlot.Axis[], draw: (plot: uPlot) => void, plot?: uPlot}} Chart
   *
   * @type {Chart[]}
   */
  const charts = [
    {
      id: 'memory',
      lines: [
        { name: 'heap', label: 'Heap after full GC', column: HEAP, say: bytes, width: 2, points: true },
        { name: 'rss', label: 'RSS', column: RSS, say: bytes, width: 1.5 },
        { name: 'native', label: 'Native', column: NATIVE, say: bytes, width: 1.5 },
        { name: 'external', label: 'External', column: EXTERNAL, say: bytes, width: 1.5 }
      ],
      scales: { y: { range: (_, low, high) => [0, topOf(high)] } },
      axes: [{ scale: 'y', size: 64, values: (_, splits) => splits.map(size) }],
      draw: drawMemory
    },
    {
      id: 'requests',
      lines: [
        { name: 'requests', label: 'Requests a second', column: REQUESTS, say: (value) => value < 10 ? value.toFixed(1) : grouped(Math.round(value)), width: 1.5 },
        { name: 'p99', label: 'p99 latency', column: P99, say: milliseconds, width: 1.5, scale: 'ms' }
      ],
      scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] }, ms: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] } },
      axes: [
        { scale: 'y', size: 64, values: (_, splits) => splits.map((value) => grouped(value)) },
        { scale: 'ms', side: 1, size: 64, grid: { show: false }, values: (_, splits) => newestOf(P99) === undefined ? [] : splits.map((value) => value === 0 ? '0' : milliseconds(value)) }
      ],
      draw: () => {}
    }
  ]

  function build (chart) {
    chart.plot?.destroy()
    const holder = element(`${chart.id}-chart`)
    const ink = colour('quiet')
    const grid = { stroke: colour('grid'), width: 1 }
    const axis = { stroke: ink, font: AXIS_FONT, grid, ticks: { show: false } }
    const isNarrow = holder.clientWidth < 520
    chart.plot = new uPlot({
      width: holder.clientWidth,
      height: holder.clientHeight,
      ms: 1,
      legend: { show: false },
      padding: [12, chart.axes.length > 1 ? 0 : isNarrow ? 8 : 64, 0, 0],
      cursor: { sync: { key: SYNC.key, setSeries: false }, y: false, points: { size: 7 }, drag: { x: true, y: false } },
      scales: { x: { time: true, range: () => visible() }, ...chart.scales },
      axes: [{ ...axis, size: 28, space: isNarrow ? 90 : 70, values: (_, splits, __, ___, step) => splits.map((time) => axisTime(time, step)) }, ...chart.axes.map((each) => ({ ...axis, ...each, size: isNarrow ? 54 : each.size, grid: each.grid ?? grid }))],
      series: [{}, ...chart.lines.map(({ name, width, points, scale = 'y', isHidden }) => ({
        scale,
        show: !isHidden,
        stroke: colour(name),
        width,
        spanGaps: true,
        points: { show: points === true ? (plot, index) => marked(plot, index) : false, size: 5, fill: colour(name) }
      }))],
      hooks: {
        draw: [(plot) => chart.draw(plot, chart)],
        setCursor: [(plot) => read(chart, plot)],
        setSelect: [({ select, posToVal }) => {
          if (select.width < 8) return
          zoom = [posToVal(select.left, 'x'), posToVal(select.left + select.width, 'x')]
          for (const radio of radios) radio.checked = false
          for (const each of charts) each.plot?.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
          draw()
        }]
      }
    }, columns(chart), holder)
  }

  /** Points are shown where there is room for each. */
  function marked (plot, index) {
    const [from, to] = plot.series[index].idxs
    const count = plot.data[index].slice(from, to + 1).filter((value) => value !== null).length
    return count > 0 && plot.bbox.width / uPlot.pxRatio / count > 8
  }

  function axisTime (time, step) {
    if (step >= 86400000) return new Date(time).toLocaleDateString([], DAYS)
    return step < 60000 ? clock(time) : new Date(time).toLocaleTimeString([], HOURS)
  }

  function columns ({ lines }) {
    return [points.map((point) => point[TIME]), ...lines.map(({ column }) => points.map((point) => point[column]))]
  }

  /** From and to, in milliseconds. */
  function visible () {
    if (zoom !== null) return zoom
    const newest = points.at(-1)?.[TIME] ?? Date.now()
    const oldest = points[0]?.[TIME] ?? newest - 60000
    const from = range === 0 ? Math.min(oldest, newest - 10000) : newest - range
    const ahead = forecastOf(newest, newest - from)
    return [from, ahead === null ? newest : ahead.until]
  }

  /** Where the trend leads while something grows. */
  function forecastOf (newest, shown) {
    const trend = face?.trend
    if (!trend || trend.from === undefined || face?.isLive === false) return null
    const limit = limitOf(trend)
    const [time, value] = trend.to
    const hitsAt = limit === undefined || trend.rate <= 0 ? Infinity : time + (limit.bytes - value) / trend.rate * 1000
    const ahead = newest + AHEAD * shown
    const until = hitsAt > newest && hitsAt < newest + shown ? hitsAt + 0.05 * shown : isLimitShown && Number.isFinite(hitsAt) ? hitsAt : ahead
    return { ...trend, until: Math.max(until, newest + 1000), hitsAt }
  }

  function limitOf ({ limit }) {
    return (face?.limits ?? []).find((each) => each.limit === limit)
  }

  /** The top of the memory chart. */
  function topOf (high) {
    const [from, to] = visible()
    const forecast = forecastOf(points.at(-1)?.[TIME] ?? 0, to - from)
    const leads = forecast === null ? 0 : forecast.to[1] + Math.max(forecast.rate, 0) * (to - forecast.to[0]) / 1000
    const highest = Math.max(high ?? 0, 1e6)
    const near = limitsShown().map((each) => each.bytes).filter((value) => isLimitShown || value <= FAR * highest)
    return Math.max(highest, Math.min(leads, isLimitShown ? Infinity : FAR * highest), ...near) * 1.06
  }

  /** Of lines that are shown. */
  function limitsShown () {
    return (face?.limits ?? []).filter(({ of }) => charts[0].lines.some(({ name, isHidden }) => name === of && !isHidden))
  }

  function drawMemory (plot) {
    const { ctx, bbox } = plot
    const x = (time) => plot.valToPos(time, 'x', true)
    const y = (value) => plot.valToPos(value, 'y', true)
    const ratio = uPlot.pxRatio
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width + 64 * ratio, bbox.height)
    ctx.clip()
    drawGcs(plot, x)
    const [from, to] = [plot.scales.x.min, plot.scales.x.max]
    const newest = points.at(-1)?.[TIME] ?? 0
    const forecast = forecastOf(newest, newest - from)
    if (forecast !== null && !charts[0].lines.some(({ name, isHidden }) => name === forecast.channel && isHidden)) {
      const tone = forecast.isLeak ? colour('leaking') : colour('suspect')
      const [[fromTime, fromValue], [toTime, toValue]] = [forecast.from, forecast.to]
      const ahead = (slope) => toValue + slope * (to - toTime) / 1000
      ctx.fillStyle = tone
      ctx.globalAlpha = 0.12
      trace(ctx, [[x(toTime), y(toValue)], [x(to), y(ahead(forecast.high))], [x(to), y(ahead(forecast.low))]])
      ctx.fill()
      ctx.globalAlpha = 1
      ctx.strokeStyle = tone
      ctx.lineWidth = 1.25 * ratio
      trace(ctx, [[x(fromTime), y(fromValue)], [x(toTime), y(toValue)]])
      ctx.stroke()
      ctx.setLineDash([5 * ratio, 4 * ratio])
      trace(ctx, [[x(toTime), y(toValue)], [x(to), y(ahead(forecast.rate))]])
      ctx.stroke()
      if (newest < to) {
        ctx.strokeStyle = colour('line')
        ctx.setLineDash([])
        ctx.lineWidth = ratio
        trace(ctx, [[x(newest), bbox.top], [x(newest), bbox.top + bbox.height]])
        ctx.stroke()
      }
    }
    ctx.setLineDash([6 * ratio, 4 * ratio])
    ctx.strokeStyle = colour('limit')
    ctx.fillStyle = colour('limit')
    ctx.font = `${12 * ratio}px system-ui, sans-serif`
    ctx.lineWidth = 1.5 * ratio
    for (const { bytes: limit, name } of limitsShown()) {
      if (limit > plot.scales.y.max) continue
      trace(ctx, [[bbox.left, y(limit)], [bbox.left + bbox.width, y(limit)]])
      ctx.stroke()
      ctx.textAlign = 'left'
      ctx.fillText(`${upper(name)}, ${bytes(limit)}`, bbox.left + 6 * ratio, y(limit) + 15 * ratio)
    }
    ctx.restore()
  }

  /** A short mark for each full GC, at the foot of the chart. */
  function drawGcs ({ ctx, bbox, scales }, x) {
    const ratio = uPlot.pxRatio
    ctx.strokeStyle = colour('heap')
    ctx.globalAlpha = 0.7
    ctx.lineWidth = ratio
    let last = -Infinity
    for (const point of points) {
      if (point[PAUSE] === null || point[TIME] < scales.x.min || point[TIME] > scales.x.max) continue
      const at = Math.round(x(point[TIME]))
      if (at - last < APART * ratio) continue
      last = at
      trace(ctx, [[at, bbox.top + bbox.height], [at, bbox.top + bbox.height - 6 * ratio]])
      ctx.stroke()
    }
    ctx.globalAlpha = 1
  }

  function trace (ctx, [[x, y], ...rest]) {
    ctx.beginPath()
    ctx.moveTo(x, y)
    for (const [nextX, nextY] of rest) ctx.lineTo(nextX, nextY)
  }

  function upper (text) {
    return text.charAt(0).toUpperCase() + text.slice(1)
  }

  function draw () {
    for (const chart of charts) {
      if (chart.plot === undefined) build(chart)
      else chart.plot.setData(columns(chart))
      showLegend(chart)
      describe(chart)
    }
  }

  // Legends, and the charts in words

  function showLegend (chart) {
    const legend = element(`${chart.id}-legend`)
    if (legend.children.length === 0) {
      for (const line of chart.lines) legend.append(legendButton(line.name, () => {
        line.isHidden = !line.isHidden
        build(chart)
        showLegend(chart)
      }))
      if (chart.id === 'memory') legend.append(legendButton('limit', () => {
        isLimitShown = !isLimitShown
        draw()
      }))
    }
    const buttons = /** @type {HTMLCollectionOf<HTMLElement>} */ (legend.children)
    chart.lines.forEach((line, at) => {
      const newest = newestOf(line.column)
      buttons[at].hidden = newest === undefined
      press(buttons[at], !line.isHidden, `${line.label} ${newest === undefined ? '-' : line.say(newest)}`)
    })
    if (chart.id !== 'memory') return
    const limits = limitsShown()
    const isFar = limits.some(({ bytes: limit }) => limit > (chart.plot?.scales.y.max ?? Infinity)) || isLimitShown
    const button = /** @type {HTMLElement} */ (legend.lastChild)
    button.hidden = limits.length === 0 || !isFar
    press(button, isLimitShown, `Up to the limit, ${limits.map(({ bytes: limit }) => bytes(limit)).join(' and ')}`)
  }

  function legendButton (name, onClick) {
    const button = made('button', '')
    button.type = 'button'
    const mark = made('i', '', name)
    mark.setAttribute('aria-hidden', 'true')
    button.append(mark, made('span', ''))
    button.addEventListener('click', onClick)
    return button
  }

  function press (button, isPressed, text) {
    button.setAttribute('aria-pressed', String(isPressed))
    if (button.lastChild.textContent !== text) button.lastChild.textContent = text
  }

  function newestOf (column) {
    return points.findLast((point) => point[column] !== null)?.[column]
  }

  function describe (chart) {
    const parts = chart.lines.map(({ label, column, say }) => {
      const known = points.filter((point) => point[column] !== null)
      return known.length === 0 ? undefined : `${label}: from ${say(known[0][column])} to ${say(known.at(-1)[column])}`
    }).filter((part) => part !== undefined)
    const first = points[0]?.[TIME]
    const over = first === undefined ? '' : ` over ${duration(points.at(-1)[TIME] - first)}`
    const trend = chart.id === 'memory' && face?.trend ? ` The trend rises by ${rate(face.trend.rate)}.` : ''
    element(`${chart.id}-chart`).setAttribute('aria-label', parts.length === 0
      ? `${chart.id === 'memory' ? 'Memory' : 'Requests'} over time: no readings yet.`
      : `${chart.id === 'memory' ? 'Memory' : 'Requests'}${over}. ${parts.join('; ')}.${trend} Left and right arrow keys read single moments.`)
  }

  /** What stood at one moment, below the chart, or what will stand there if it goes on so. */
  function read (chart, plot) {
    const { idx, left } = plot.cursor
    const readout = element(`${chart.id}-readout`)
    if (idx === null || idx === undefined || points[idx] === undefined) {
      readout.textContent = ''
      return
    }
    const newest = points.at(-1)[TIME]
    const at = plot.posToVal(left, 'x')
    const trend = face?.trend
    if (trend && at > newest + 1000) {
      const line = /** @type {Line} */ (charts[0].lines.find(({ name }) => name === trend.channel))
      const leads = trend.to[1] + trend.rate * (at - trend.to[0]) / 1000
      readout.textContent = chart.id === 'memory' ? `${clock(at)}, in ${duration(at - newest)} · ${line.label} about ${bytes(leads)}, if it goes on like this` : ''
      return
    }
    const parts = chart.lines.filter(({ isHidden }) => !isHidden).map(({ label, column, say }) => {
      const value = points.slice(0, idx + 1).findLast((point) => point[column] !== null)?.[column]
      return value === undefined ? undefined : `${label} ${say(value)}`
    }).filter((part) => part !== undefined)
    const pause = chart.id === 'memory' && points[idx][PAUSE] > 0 ? `, full GC of ${milliseconds(points[idx][PAUSE])}` : ''
    readout.textContent = `${moment(points[idx][TIME])}${pause} · ${parts.join(' · ')}`
  }

  /** With the keys what the pointer does. */
  for (const chart of charts) {
    const readAloud = (how) => () => element(`${chart.id}-readout`).setAttribute('aria-live', how)
    element(`${chart.id}-chart`).addEventListener('focus', readAloud('polite'))
    element(`${chart.id}-chart`).addEventListener('blur', readAloud('off'))
    element(`${chart.id}-chart`).addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity }[event.key]
      if (event.key === 'Escape') choose(0)
      if (step === undefined || points.length === 0 || chart.plot === undefined) return
      event.preventDefault()
      const index = Math.min(points.length - 1, Math.max(0, (chart.plot.cursor.idx ?? points.length) + step))
      chart.plot.setCursor({ left: chart.plot.valToPos(points[index][TIME], 'x'), top: 10 })
    })
    element(`${chart.id}-chart`).addEventListener('dblclick', () => choose(0))
  }

  function choose (wanted) {
    zoom = null
    range = wanted
    for (const radio of radios) radio.checked = Number(radio.value) === wanted
    draw()
  }

  for (const radio of radios) radio.addEventListener('change', () => choose(Number(radio.value)))

  // Buttons

  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-action]'))) {
    button.addEventListener('click', async () => {
      button.disabled = true
      set('answer', button.dataset.action === 'snapshot' ? 'Writing …' : 'Collecting …')
      try {
        const response = await fetch(`${base()}${button.dataset.action}`, { method: 'POST' })
        set('answer', await response.text())
      } catch {
        set('answer', 'The server does not answer.')
      }
      button.disabled = false
    })
  }

  const rebuild = () => { if (face !== null) for (const chart of charts) build(chart) }
  new ResizeObserver(rebuild).observe(element('memory-chart'))
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', rebuild)
  connect()
}
