'use strict'

const { escape, policyOf, readAssets, renderPage } = require('../html')

const BUTTONS = {
  gc: 'Run a full GC',
  snapshot: 'Write a heap snapshot'
}

/**
 * The page, which is the same for everybody; what it shows comes with the events.
 * @param {string[]} actions that it has buttons for
 * @returns {{html: string, policy: string}}
 */
function readPage (actions) {
  const assets = readAssets(__dirname, { style: 'style.css', script: 'client/index.js', library: { style: 'uplot/uplot.min.css', script: 'uplot/uplot.min.js' } })
  const html = renderPage({ title: 'tidemark', body: body(actions), data: null, assets, isLive: true })
  return { html, policy: `${policyOf(assets, true)}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'` }
}

function body (actions) {
  const buttons = actions.map((action) => `<button type="button" data-action="${escape(action)}">${escape(BUTTONS[action])}</button>`)
  return `<a class="skip" href="#suspects-title">Skip the charts</a>
<header>
<p class="who"><span id="title">tidemark</span> <span id="subtitle" class="quiet"></span><span id="link" class="quiet" role="status">Connecting …</span></p>
<h1><span id="badge" class="badge settling">…</span> <span id="sentence">Waiting for the first reading.</span></h1>
<p id="announcement" class="hidden" role="status"></p>
<p id="detail" class="quiet"></p>
${buttons.length === 0 ? '' : `<div class="actions">${buttons.join('')}<p id="answer" class="quiet" role="status"></p></div>`}
</header>
<main>
<section id="processes" hidden aria-labelledby="processes-title">
<h2 id="processes-title">Processes and threads</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="processes-title"><table><thead><tr><th class="name" scope="col">Name<th scope="col">Process<th scope="col">Thread<th class="word" scope="col">State<th scope="col">Heap<th scope="col">RSS<th scope="col">Growth<th scope="col">Left<th class="word" scope="col">Last seen</thead><tbody></tbody></table></div>
</section>
<section aria-labelledby="memory-title">
<div class="bar"><h2 id="memory-title">Memory</h2>
<fieldset class="ranges"><legend class="hidden">Time shown</legend>
<label><input type="radio" name="range" value="300000"><span>5 min</span></label><label><input type="radio" name="range" value="3600000"><span>1 h</span></label><label><input type="radio" name="range" value="0" checked><span>All</span></label>
</fieldset></div>
<div class="legend" id="memory-legend" role="group" aria-label="Lines of the memory chart"></div>
<div class="chart" id="memory-chart" tabindex="0" role="img" aria-label="Memory over time: no readings yet."></div>
<p class="readout quiet" id="memory-readout" aria-live="off"></p>
<div class="bar"><h2 id="requests-title">Requests</h2></div>
<div class="legend" id="requests-legend" role="group" aria-label="Lines of the requests chart"></div>
<div class="chart short" id="requests-chart" tabindex="0" role="img" aria-label="Requests over time: no readings yet."></div>
<p class="readout quiet" id="requests-readout" aria-live="off"></p>
</section>
<section aria-labelledby="suspects-title">
<h2 id="suspects-title" tabindex="-1">Suspects</h2>
<p id="no-suspects" class="quiet">Nothing is suspected. Suspects are looked for once memory grows.</p>
<ol id="suspects" class="suspects"></ol>
</section>
<section aria-labelledby="channels-title">
<h2 id="channels-title">Where memory can grow</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="channels-title"><table id="channels"><thead><tr><th class="name" scope="col">Channel<th class="word" scope="col">State<th scope="col">After the last full GC<th scope="col">Growth<th class="name" scope="col">Why</thead><tbody></tbody></table></div>
</section>
<section id="told-section" hidden aria-labelledby="told-title">
<h2 id="told-title">What was reported</h2>
<ul id="told" class="told"></ul>
</section>
<section id="problems-section" hidden aria-labelledby="problems-title">
<h2 id="problems-title">Problems of tidemark itself</h2>
<ul id="problems"></ul>
</section>
</main>
<footer><dl id="facts"></dl><p>Sizes in powers of 1,000. Heap: what is left after a full GC.</p></footer>
<noscript>This page needs JavaScript, which it brings itself.</noscript>
`
}

module.exports = { readPage }
