'use strict'

/* global document */

const { set } = require('./elements')
const { base } = require('./stream')

/** The buttons that ask the server to do something. */
function listenToButtons () {
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
}

module.exports = { listenToButtons }
