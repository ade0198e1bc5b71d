// Jest's testSequencer: the spec files that take longest start first, so that all workers end at about the same time,
// in a fresh clone too, where Jest itself has nothing but the sizes of files to go by.
import Sequencer from '@jest/test-sequencer';
import { noteDurations, secondsOf } from './durations.mjs';

export default class LongestFirst extends Sequencer {
  /** @param {import('@jest/test-result').Test[]} tests */
  sort(tests) {
    return [...tests].sort((a, b) => secondsOf(b.path) - secondsOf(a.path) || (a.path < b.path ? -1 : 1));
  }

  /**
   * @param {import('@jest/test-result').Test[]} tests
   * @param {import('@jest/test-result').AggregatedResult} results
   */
  cacheResults(tests, results) {
    super.cacheResults(tests, results);
    if (process.env.LATCHKEY_NOTE_DURATIONS === '1') noteDurations(results.testResults);
  }
}
