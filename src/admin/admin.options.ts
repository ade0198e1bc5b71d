import type { AdminModuleOptions } from './admin.module-definition.js';

const USER_METHODS = ['search', 'find', 'count', 'update'] as const;
const EVENT_METHODS = ['list', 'countSince'] as const;

/**
 * Checks what a host passed. Reports every problem at once, by name.
 * @throws TypeError
 */
export function checkAdminOptions(options: AdminModuleOptions): AdminModuleOptions {
  const problems = [
    ...missingMethods('users', 'UserDirectory', options.users, USER_METHODS),
    ...missingMethods('events', 'EventDirectory', options.events, EVENT_METHODS),
  ];
  if (problems.length > 0)
    throw new TypeError(`AdminModule cannot start:\n${problems.map((p) => `- ${p}`).join('\n')}`);
  return options;
}

function missingMethods<T extends object>(
  name: string,
  port: string,
  value: T | undefined,
  methods: readonly (keyof T & string)[],
): string[] {
  const missing = methods.filter((method) => typeof value?.[method] !== 'function');
  if (missing.length === 0) return [];
  return [`${name}: pass an object with the methods of ${port}; missing: ${missing.join(', ')}.`];
}
