export { otherMethods } from './allowed-methods.js';
export { describeError } from './describe-error.js';
export { PROBLEMS, problemType, type ProblemCode } from './problem.catalogue.js';
export { ProblemException, type ProblemBody, type ProblemOptions } from './problem.exception.js';
export { ProblemFilter } from './problem.filter.js';
export { ApiProblem, codesByStatus, PROBLEM_SCHEMA, problemResponse } from './problem.openapi.js';
export { sendProblem, type IdentifiedRequest } from './send-problem.js';
export { toProblem } from './to-problem.js';
export { parseInput, validationProblem, type FieldError, type ValidationIssue } from './validation.js';
