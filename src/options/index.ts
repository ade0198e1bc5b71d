export { problemOfClient } from './client-check.js';
export { cookieProblems } from './cookie-check.js';
export { editsBetween } from './edits-between.js';
export { InvalidOptionsError } from './invalid-options.error.js';
export {
  type Check,
  failed,
  hasMethods,
  isFilled,
  isTextList,
  isWhole,
  methodsMissing,
  named,
  NO_OPTIONS,
  unknownOptions,
} from './option-checks.js';
