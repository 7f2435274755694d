'use strict'

// An app for `tidemark check`: what it is asked for is in its arguments.

const http = require('node:http')

const sessions = []

const ROUTES = {
  '/': (res) => res.end('hello'),
  '/cart': (res) => {
    sessions.push({ id: sessions.length, of: 'cart' })
    res.end('cart')
  },
  '/slow': (res) => setTimeout(() => res.end('slow'), 600),
  '/exit': () => process.exit(3)
}

if (process.argv.includes('--throw')) throw new TypeError('no database')
if (process.argv.includes('--two')) http.createServer((req, res) => res.end('metrics')).listen(0, '127.0.0.1')
http.createServer((req, res) => ROUTES[req.url](res)).listen(0, '127.0.0.1')
console.log('what an app writes is not shown')
