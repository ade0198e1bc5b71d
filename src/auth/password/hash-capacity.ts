import { availableParallelism, totalmem } from 'node:os';
import type { Argon2Parameters } from './argon2.hasher.js';

/** What hashing shares with everything else that the process does. */
export interface Machine {
  cores: number;
  /** Memory the process may use: the machine's, or the control group's when that is less. */
  memoryBytes: number;
  /** Threads of libuv's pool (`UV_THREADPOOL_SIZE`), on which argon2, DNS look-ups and files wait for each other. */
  threadPoolSize: number;
}

/** The share of memory that hashes may take together: a quarter. */
const MEMORY_SHARE = 1 / 4;

/** This machine, with a thread pool of so many threads. @param threadPoolSize libuv's own default is 4 */
export function thisMachine(threadPoolSize = 4): Machine {
  // 0, undefined or a number beyond all memory where there is no such limit, depending on version and system.
  const constrained = process.constrainedMemory() || Infinity;
  return {
    cores: availableParallelism(),
    memoryBytes: Math.min(totalmem(), constrained),
    threadPoolSize,
  };
}

/**
 * How many hashes may run at a time, so that requests which need none keep a core, a thread of the pool and memory:
 * at most cores - 1 threads, at most three quarters of the thread pool, at most a quarter of memory. At least 1, except
 * that it is 0 when memory does not suffice for a single one.
 * @param cost undefined for a hasher whose needs are not known; it is taken to have one thread and to need no memory
 */
export function hashCapacity(cost: Argon2Parameters | undefined, machine: Machine): number {
  const { memoryKib, parallelism } = cost ?? { memoryKib: 0, parallelism: 1 };
  const byCores = Math.floor((machine.cores - 1) / parallelism);
  const byThreads = machine.threadPoolSize - Math.ceil(machine.threadPoolSize / 4);
  const byMemory =
    memoryKib === 0 ? Infinity : Math.floor((machine.memoryBytes * MEMORY_SHARE) / (memoryKib * 1024));
  return Math.min(Math.max(1, Math.min(byCores, byThreads)), byMemory);
}
