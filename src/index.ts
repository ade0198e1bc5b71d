// The library: everything a host application may import. Removing or renaming something here is a breaking change.
export * from './session/index.js';
export * from './auth/index.js';
export * from './admin/index.js';
export * from './problem/index.js';
export { InvalidOptionsError } from './options/index.js';
export { PresetExpressAdapter } from './express/index.js';
