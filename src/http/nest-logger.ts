import type { LoggerService } from '@nestjs/common';
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

import { describeError, escapeControls } from '../problem/index.js';
import { TurnBuffer } from './turn-buffer.js';

const STANDARD_OUTPUT = 1;

// What Nest reports of its own start-up: one line per module and route, of use only when looking for a fault; and its
// copy of an error that create-app throws to its caller, who reports it in his own way.
const START_UP_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'ExceptionHandler',
]);

/** The program's log: one JSON object per line, times in ISO 8601, levels by name. */
export function createLogger(
  level: string,
  destination: DestinationStream = new TurnBuffer(pino.destination({ dest: STANDARD_OUTPUT, sync: true })),
): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // JSON leaves U+2028 and the controls of C1 as they are; viewers break lines at them, terminals obey them.
    hooks: { streamWrite: escapeControls },
  };
  return pino(options, destination);
}

/** Sends what Nest and its modules log through the program's logger. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    const context = contextOf(rest);
    this.write(isStartUp(context) ? 'debug' : 'info', message, context);
  }

  error(message: unknown, ...rest: unknown[]): void {
    // Nest calls error(message, stack, context).
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
    const context = contextOf(rest);
    this.write(isStartUp(context) ? 'debug' : 'error', message, context, stack);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, contextOf(rest));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, contextOf(rest));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, contextOf(rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, contextOf(rest));
  }

  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    context?: string,
    stack?: string,
  ): void {
    this.logger[level]({ ...(context && { context }), ...(stack && { stack }) }, textOf(message));
  }
}

function isStartUp(context: string | undefined): boolean {
  return context !== undefined && START_UP_CONTEXTS.has(context);
}

function contextOf(rest: unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' ? last : undefined;
}

/** An object is never spread into the log: nobody has looked at what is in it. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return message instanceof Error ? describeError(message) : (JSON.stringify(message) ?? String(message));
}
