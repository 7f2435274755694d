'use strict'

/** System fonts, both colour schemes, nothing loaded. */
const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --panel: #fff; --ink: #1d2328; --quiet: #66717b; --line: #dfe3e6;
  --box-light: 78%; --box-ink: #14181b; --high: #b3261e; --medium: #8a5a00; --low: #5a6670;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181b; --panel: #1b2125; --ink: #e4e8eb; --quiet: #97a3ad; --line: #2e363c;
    --box-light: 33%; --box-ink: #f2f5f7; --high: #ff8a80; --medium: #f2b84b; --low: #97a3ad;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 24px 20px 48px; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 24px; overflow-wrap: anywhere; }
h2 { margin: 0 0 8px; font-size: 17px; }
header p { margin: 4px 0 20px; color: var(--quiet); }
section { margin: 0 0 20px; padding: 16px 18px; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.hint, footer, .quiet { color: var(--quiet); font-size: 13px; }
.suspects { margin: 0; padding-left: 24px; }
.suspects > li { margin-bottom: 14px; overflow-wrap: anywhere; }
.suspects p { margin: 2px 0; color: var(--quiet); }
.badge { font-weight: 600; }
.badge.high { color: var(--high); } .badge.medium { color: var(--medium); } .badge.low { color: var(--low); }
summary { cursor: pointer; color: var(--quiet); }
.path { margin: 4px 0 0; padding-left: 18px; list-style: '↳ '; font-size: 13px; }
.edge { color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px 3px 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); font-weight: 400; }
th { color: var(--quiet); font-size: 13px; }
.name { width: 100%; text-align: left; white-space: normal; }
.chart { display: block; width: 100%; height: 260px; background: var(--ground); }
.chart polyline, .chart line { fill: none; stroke: var(--ink); vector-effect: non-scaling-stroke; }
.chart .trend { stroke: var(--medium); stroke-dasharray: 6 4; }
.chart .limit { stroke: var(--high); }
#icicle svg { display: block; width: 100%; }
#icicle rect { stroke: var(--panel); stroke-width: 1; cursor: pointer; }
#icicle g:hover rect, #icicle g:focus rect { stroke: var(--ink); stroke-width: 2; }
#icicle g:focus { outline: none; }
#icicle text { fill: var(--box-ink); font: 12px system-ui, sans-serif; pointer-events: none; }
#detail { min-height: 3em; margin: 8px 0 0; overflow-wrap: anywhere; }
`

module.exports = { STYLE }
