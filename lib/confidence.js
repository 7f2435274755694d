'use strict'

/** The least confidence of each word, from 0 to 1; below the last it is low. Suspects of a snapshot have 0.95, 0.7 or 0.3. */
const HIGH = 0.9
const MEDIUM = 0.5

/** @param {number} confidence @returns {'high' | 'medium' | 'low'} for a person */
function confidenceInWords (confidence) {
  if (confidence >= HIGH) return 'high'
  return confidence >= MEDIUM ? 'medium' : 'low'
}

/** Whether it is worth an alarm: of medium confidence at least. @param {{confidence: number}} suspect */
function isCredible ({ confidence }) {
  return confidence >= MEDIUM
}

module.exports = { confidenceInWords, isCredible }
