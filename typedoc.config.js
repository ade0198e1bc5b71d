// npm run docs:api: the reference of what hosts import, into dist.api/. It fails on an export without a docstring.

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'Latchkey',
  entryPoints: ['src/index.ts', 'src/ws/index.ts', 'src/testing/index.ts'],
  out: 'dist.api',
  tsconfig: 'tsconfig.build.json',
  // tsc has its own step in .ci/run.
  skipErrorChecking: true,
  readme: 'none',
  disableSources: true,
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  excludeExternals: true,
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: [
    'Enum',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'TypeAlias',
    'Method',
    'Accessor',
  ],
  treatWarningsAsErrors: true,
};
