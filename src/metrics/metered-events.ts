import { SecurityEvents, type SecurityEvent } from '../auth/index.js';
import { SessionObserver, type SessionEvent } from '../session/index.js';
import type { Metrics } from './metrics.js';

/** Counts what happens to sessions. */
export class MeteredSessionObserver extends SessionObserver {
  constructor(private readonly metrics: Metrics) {
    super();
  }

  onSessionEvent(event: SessionEvent): void {
    this.metrics.countSessionEvent(event);
  }
}

/** Counts security events on their way to where they are recorded, and those that their change has taken along. */
export class MeteredSecurityEvents extends SecurityEvents {
  constructor(
    private readonly recorder: SecurityEvents,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  record(event: SecurityEvent): Promise<void> | void {
    this.metrics.countSecurityEvent(event);
    return this.recorder.record(event);
  }

  override onCommitted(event: SecurityEvent): void {
    this.metrics.countSecurityEvent(event);
    this.recorder.onCommitted?.(event);
  }
}
