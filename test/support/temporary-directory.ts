export { temporaryDirectory } from '../../src/testing/temporary-directory.js';
