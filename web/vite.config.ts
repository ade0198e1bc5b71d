import { defineConfig } from 'vite';

declare const process: { env: Record<string, string | undefined> };

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
    // The program answers a browser only from its own origin, so it has to take this one for its own.
    proxy: Object.fromEntries(
      ['/auth', '/admin', '/health'].map((path) => [
        path,
        { target: process.env.LATCHKEY_URL ?? 'http://127.0.0.1:3000' },
      ]),
    ),
  },
});
