import type { Registry } from 'prom-client';

import {
  SECURITY_EVENT_TYPES,
  SecurityEvents,
  type SecurityEvent,
  type SecurityEventType,
} from '../auth/index.js';
import { LabelledCounter } from './labelled-counter.js';

const OUTCOMES = { succeeded: true, failed: true, refused: true, throttled: true } as const;

// The limits of RedisLoginThrottle.
const DIMENSIONS = {
  account: true,
  device: true,
  address: true,
  network: true,
  service: true,
  register: true,
  'register-network': true,
  'request-reset': true,
  'request-reset-network': true,
  mail: true,
} as const;

/** Logins and the other events of the audit trail. */
export class SecurityMetrics {
  private readonly events: LabelledCounter<SecurityEventType>;
  private readonly logins: LabelledCounter<keyof typeof OUTCOMES>;
  private readonly throttled: LabelledCounter<keyof typeof DIMENSIONS>;

  constructor(registry: Registry) {
    this.events = new LabelledCounter(registry, {
      name: 'latchkey_security_events_total',
      help: 'Events of the audit trail.',
      label: 'type',
      values: SECURITY_EVENT_TYPES,
    });
    this.logins = new LabelledCounter(registry, {
      name: 'latchkey_logins_total',
      help: 'Logins with a password, by outcome. Those that were throttled come up to ten seconds late.',
      label: 'outcome',
      values: OUTCOMES,
    });
    this.throttled = new LabelledCounter(registry, {
      name: 'latchkey_throttled_total',
      help: 'Attempts that were refused with 429, by what was used up. Up to ten seconds late.',
      label: 'dimension',
      values: DIMENSIONS,
    });
  }

  count({ type, detail, repeat }: SecurityEvent): void {
    const count = repeat?.count ?? 1;
    this.events.inc(type, count);
    if (type === 'login.throttled') {
      this.throttled.inc(typeof detail?.limit === 'string' ? detail.limit : '', count);
      // Every act that is throttled is told of under this type.
      if ((detail?.act ?? 'login') === 'login') this.logins.inc('throttled', count);
    } else if (type.startsWith('login.')) {
      this.logins.inc(type.slice('login.'.length), count);
    }
  }
}

/** Counts security events on their way to where they are recorded, and those that their change has taken along. */
export class MeteredSecurityEvents extends SecurityEvents {
  constructor(
    private readonly recorder: SecurityEvents,
    private readonly metrics: SecurityMetrics,
  ) {
    super();
  }

  record(event: SecurityEvent): Promise<void> | void {
    this.metrics.count(event);
    return this.recorder.record(event);
  }

  override onCommitted(event: SecurityEvent): void {
    this.metrics.count(event);
    this.recorder.onCommitted?.(event);
  }
}
