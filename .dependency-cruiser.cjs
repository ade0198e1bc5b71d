const LIBRARY = '^src/(index\\.ts$|(admin|auth|session|problem|options|express|ws|testing)/)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'one-way',
      comment: 'admin -> auth -> session -> problem, never back.',
      severity: 'error',
      from: { path: '^src/(auth|session|problem)/' },
      to: { path: '^src/admin/' },
    },
    {
      name: 'one-way',
      severity: 'error',
      from: { path: '^src/(session|problem)/' },
      to: { path: '^src/auth/' },
    },
    {
      name: 'one-way',
      severity: 'error',
      from: { path: '^src/problem/' },
      to: { path: '^src/session/' },
    },
    {
      name: 'library-without-program',
      comment:
        'A host imports src/index.ts; nothing behind it may read settings, open connections or know a database.',
      severity: 'error',
      from: { path: LIBRARY },
      to: { path: '^src/', pathNot: LIBRARY },
    },
    {
      name: 'library-without-program-packages',
      comment: 'A host may leave out optionalDependencies (docs/decisions/0001-packaging.md).',
      severity: 'error',
      from: { path: LIBRARY },
      to: { dependencyTypes: ['npm-optional'] },
    },
    {
      name: 'settings-come-from-above',
      comment:
        'Modules are given what they need. Only the composition and the command line read the environment.',
      severity: 'error',
      from: { path: '^src/(?!config/|cli/)[^/]+/' },
      to: { path: '^src/config/' },
    },
    {
      name: 'composition-on-top',
      comment: 'Only the command line builds on the files that put the program together.',
      severity: 'error',
      from: { path: '^src/(?!cli/)[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'front-door',
      comment: 'A folder shows its index.ts; the rest of it is its own.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/testing/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'front-door',
      comment: 'What helps to test may see a little more, and it is said what.',
      severity: 'error',
      from: { path: '^src/testing/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/testing/', '^src/[^/]+/(index|for-testing)\\.ts$'] },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: ['^src/testing/', '/for-testing\\.ts$'] },
    },
    {
      name: 'front-door',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: '^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'declared-packages',
      comment: 'What runs in production is named in package.json, and not under devDependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'],
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
    },
    {
      name: 'optional-peers',
      comment: 'Only hosts that import latchkey/ws load what it needs.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/ws/' },
      to: { path: ['^src/ws/', '^node_modules/(@nestjs/(websockets|platform-ws)|ws)/'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'tests-are-leaves',
      severity: 'error',
      from: { pathNot: '\\.spec\\.ts$' },
      to: { path: '\\.spec\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Imports of types count: a cycle of types is a cycle of ideas.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
