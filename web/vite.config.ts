import { defineConfig } from 'vite';

declare const process: { env: Record<string, string | undefined> };

// Where a running program listens; `npm start` says where.
const PROGRAM = process.env.LATCHKEY_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  base: '/console/',
  build: {
    target: 'es2022',
    // A data: URL would be refused by the policy these pages are served with, and the polyfill is for browsers older than the target.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    // A browser's calls are taken from the program's own origin only, which this one stands for.
    proxy: Object.fromEntries(
      ['/auth', '/admin', '/health'].map((path) => [path, { target: PROGRAM, headers: { origin: PROGRAM } }]),
    ),
  },
});
