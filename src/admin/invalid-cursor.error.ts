import { validationProblem, type ProblemException } from '../problem/index.js';

/** A cursor that no listing handed out. Cursors are opaque: a client passes them on, and changes or makes none. */
export class InvalidCursorError extends Error {
  constructor() {
    super('The cursor is not one that this listing handed out.');
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return validationProblem([{ path: ['cursor'], message: this.message }]);
  }
}
