// Jest's runner: coverage is measured while the quick spec files run, not while the slow ones do. V8 counts every block
// that is entered, which makes everything half as slow again; and what takes long goes through the same lines hundreds
// of times (races, crashes, load), which the quick ones have been through as well. The threshold has to hold all the
// same, with those alone.
import TestRunner from 'jest-runner';
import { secondsOf } from './durations.mjs';

const SLOW_SECONDS = 8;

export default class QuickOnesMeasured extends TestRunner {
  /**
   * @param {import('@jest/types').Config.GlobalConfig} globalConfig
   * @param {import('jest-runner').TestRunnerContext} context
   */
  constructor(globalConfig, context) {
    super(globalConfig, context);
    this.unmeasured = new TestRunner({ ...globalConfig, collectCoverage: false }, context);
  }

  /**
   * @param {import('@jest/test-result').Test[]} tests in the order in which they start
   * @param {import('jest-watcher').TestWatcher} watcher
   * @param {import('jest-runner').TestRunnerOptions} options
   */
  async runTests(tests, watcher, options) {
    // Without a threshold the coverage that is asked for is that of a few files, slow or not.
    const { collectCoverage, coverageThreshold = {} } = this._globalConfig;
    const ofAll = collectCoverage && Object.keys(coverageThreshold).length > 0;
    const slow = ofAll ? tests.filter(({ path }) => secondsOf(path) >= SLOW_SECONDS) : [];
    if (slow.length > 0) await this.unmeasured.runTests(slow, watcher, options);
    await super.runTests(
      tests.filter((test) => !slow.includes(test)),
      watcher,
      options,
    );
  }

  /**
   * @param {string} name of an event
   * @param {(data: never) => void} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    const offs = [super.on(name, listener), this.unmeasured.on(name, listener)];
    return () => offs.forEach((off) => off());
  }
}
