export { needsPreset, PresetExpressAdapter } from './preset-express.adapter.js';
