import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** What a process says. */
export interface ChildOutput {
  /** Every line of standard output and standard error so far. */
  output: string[];
  /** Resolves with the first line that matches, past or to come; rejects when the process ends without one. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
}

/** @param ended resolves when the process has ended */
export function outputOf(child: ChildProcess, ended: Promise<{ code: number | null }>): ChildOutput {
  const output: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream as Readable).on('line', (line) => {
      output.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  return {
    output,
    async line(pattern) {
      const matched = new Promise<RegExpExecArray>((resolve) => {
        const listener = (line: string): void => {
          const match = pattern.exec(line);
          if (match !== null) resolve(match);
        };
        output.forEach(listener);
        listeners.add(listener);
      });
      const failed = ended.then(({ code }) =>
        Promise.reject(new Error(`ended with ${code}:\n${output.join('\n')}`)),
      );
      return Promise.race([matched, failed]);
    },
  };
}
