// What the scripts of pages find: lib/format.js, and on the live page uPlot, see `readAssets` in lib/html.js.

declare const format: typeof import('../lib/format.js')
