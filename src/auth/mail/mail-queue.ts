import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { describeError } from '../../problem/index.js';

interface Mail {
  kind: string;
  send: () => Promise<void>;
  failures: number;
  /** While it waits for its next try. */
  timer?: NodeJS.Timeout | undefined;
}

const CONCURRENCY = 4;
/** More than a mail server that is away for a while leaves behind; a few hundred kB of memory. */
const MAX_PENDING = 1000;
const ATTEMPT_TIMEOUT_MS = 30_000;
const RETRY_DELAYS_MS = [2_000, 20_000, 100_000];
/** Within what is left of a shutdown's ten seconds when requests have been answered. */
const SHUTDOWN_GRACE_MS = 2_000;

/**
 * Sends mails after the answer that caused them has left: how long a mail takes, and whether it can be sent at all, must
 * not tell a client whether there is an account. What cannot be sent is tried again, in memory; what is given up is
 * logged as an error, without whom it was for.
 */
@Injectable()
export class MailQueue implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Mail');
  private readonly pending = new Set<Mail>();
  private readonly ready: Mail[] = [];
  private running = 0;
  private closing = false;
  private whenEmpty: () => void = () => undefined;

  /** Takes a mail over and returns. @param kind what mail it is, for the log */
  handOver(kind: string, send: () => Promise<void>): void {
    if (this.pending.size >= MAX_PENDING) {
      this.logger.error(`a mail (${kind}) was dropped: ${MAX_PENDING} others are waiting`);
      return;
    }
    const mail: Mail = { kind, send, failures: 0 };
    this.pending.add(mail);
    // Not before the answer is on its way, which takes no turn of the event loop.
    setImmediate(() => this.enqueue(mail));
  }

  /** Tries once more what waits, before connections are closed, and says what is lost. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    for (const mail of this.pending) {
      if (mail.timer === undefined) continue;
      clearTimeout(mail.timer);
      this.enqueue(mail);
    }
    if (this.pending.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => (this.whenEmpty = resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, SHUTDOWN_GRACE_MS))),
    ]);
    clearTimeout(timer);
    if (this.pending.size > 0) this.logger.error(`${this.pending.size} mails are lost: the program ends`);
  }

  private enqueue(mail: Mail): void {
    mail.timer = undefined;
    this.ready.push(mail);
    this.work();
  }

  private work(): void {
    while (this.running < CONCURRENCY) {
      const mail = this.ready.shift();
      if (mail === undefined) return;
      this.running += 1;
      void this.attempt(mail).finally(() => {
        this.running -= 1;
        this.work();
      });
    }
  }

  private async attempt(mail: Mail): Promise<void> {
    try {
      await inTime(mail.send());
    } catch (error) {
      const delayMs = this.closing ? undefined : RETRY_DELAYS_MS[mail.failures];
      mail.failures += 1;
      if (delayMs !== undefined) {
        this.logger.warn(
          `a mail (${mail.kind}) waits ${delayMs / 1000} s for its next try: ${reasonOf(error)}`,
        );
        mail.timer = setTimeout(() => this.enqueue(mail), delayMs).unref();
        return;
      }
      this.logger.error(`a mail (${mail.kind}) was not sent, and will not be: ${describeError(error)}`);
    }
    this.pending.delete(mail);
    if (this.pending.size === 0) this.whenEmpty();
  }
}

async function inTime(sent: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the sender took too long')), ATTEMPT_TIMEOUT_MS).unref();
  });
  try {
    await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : `a thrown ${typeof error}`;
}
