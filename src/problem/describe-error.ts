const MAX_CAUSES = 5;

/**
 * An error and its causes as one text for the log: class, code, message and stack, and nothing else. Clients of
 * Redis and SQL hang the command with its arguments on their errors, and those are digests and passwords.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  while (current !== undefined && current !== null && parts.length < MAX_CAUSES) {
    parts.push(describeOne(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join('\ncaused by: ');
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const code = 'code' in error && typeof error.code === 'string' ? ` [${error.code}]` : '';
  return `${error.stack ?? `${error.name}: ${error.message}`}${code}`;
}
