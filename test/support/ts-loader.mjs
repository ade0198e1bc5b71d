// node --import ./test/support/ts-loader.mjs src/main.ts: runs the sources as they are, so that tests of the program as
// a process need no build, and cannot test an old one.
import { register } from 'node:module';

register('./ts-hooks.mjs', import.meta.url);
