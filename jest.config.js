import { notRepeated } from './test/support/jest/not-repeated.mjs';

// On Sentinel and on Cluster, what is the same there does not run again.
const repeated = (process.env.LATCHKEY_TEST_REDIS ?? 'single') !== 'single';
const ignored = repeated ? [...notRepeated().keys()] : [];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  runner: './test/support/jest/runner.mjs',
  testSequencer: './test/support/jest/longest-first.mjs',
  // Whole servers start and stop in these tests; a busy machine takes its time.
  testTimeout: 20_000,
  globalSetup: './test/support/jest/start-sets.mjs',
  globalTeardown: './test/support/jest/stop-sets.mjs',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/web/src'],
  testMatch: repeated ? ['**/*.e2e-spec.ts'] : ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...ignored.map((name) => `<rootDir>/test/${name}\\.e2e-spec\\.ts$`),
  ],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Every spec file keeps its Nest application's modules alive in the worker's vm context.
  workerIdleMemoryLimit: '512MB',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/**/index.ts', '!src/main.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcovonly'],
  coverageThreshold: { global: { lines: 90 } },
};
