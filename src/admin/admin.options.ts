import { InvalidOptionsError, methodsMissing, named, NO_OPTIONS, unknownOptions } from '../options/index.js';
import type { AdminModuleOptions } from './admin.module-definition.js';

const KNOWN: Record<keyof AdminModuleOptions, true> = { users: true, events: true, samples: true };
const CANNOT_START = 'AdminModule cannot start';

/**
 * Checks what a host passed. Reports every problem at once, by name.
 * @throws InvalidOptionsError
 */
export function checkAdminOptions(options: AdminModuleOptions): AdminModuleOptions {
  if (!named(options)) throw new InvalidOptionsError(CANNOT_START, [NO_OPTIONS]);
  InvalidOptionsError.throwFor(CANNOT_START, [
    ...unknownOptions(options, KNOWN),
    ...portProblem(
      'users',
      'UserDirectory',
      methodsMissing(options.users, ['search', 'find', 'count', 'update']),
    ),
    ...portProblem('events', 'EventDirectory', methodsMissing(options.events, ['list', 'countSince'])),
    ...(options.samples === undefined
      ? []
      : portProblem(
          'samples',
          'SessionSamples',
          methodsMissing(options.samples, ['claim', 'settle', 'list', 'deleteBefore']),
        )),
  ]);
  return options;
}

const portProblem = (name: string, port: string, missing: string[]) =>
  missing.length === 0
    ? []
    : [`${name}: pass an object with the methods of ${port}; missing: ${missing.join(', ')}.`];
