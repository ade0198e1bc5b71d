import { StandardSchemaValidationPipe, UsePipes } from '@nestjs/common';
import { validationProblem } from '../problem/index.js';

/** Validates parameters that have a schema, also in hosts that bind no pipe of their own. */
export const ValidateInput = () =>
  UsePipes(new StandardSchemaValidationPipe({ exceptionFactory: validationProblem }));
