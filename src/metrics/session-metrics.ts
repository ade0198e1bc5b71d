import { Counter, Gauge, type Registry } from 'prom-client';

import { SessionObserver, type SessionEvent, type StoreOperation } from '../session/index.js';
import { LabelledCounter } from './labelled-counter.js';
import { type Latency, LatencyHistogram } from './latency-histogram.js';
import {
  BREAKER_STATES,
  CLOSE_CODES,
  DURABILITIES,
  END_REASONS,
  KINDS,
  QUARANTINE_REASONS,
  REFUSALS,
  RESURRECTIONS,
  STORE_OPERATIONS,
  UNUSABLE_REASONS,
} from './session-labels.js';

// A command is a fraction of a millisecond; half a second is where it is given up.
const COMMAND_BUCKETS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const REVOCATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** What happens to sessions and what the store asks of Redis. */
export class SessionMetrics extends SessionObserver {
  private readonly commands: ReadonlyMap<StoreOperation, Latency>;
  private readonly revocations: ReadonlyMap<string, Latency>;
  private readonly errors: LabelledCounter<StoreOperation>;
  private readonly created: LabelledCounter<keyof typeof KINDS>;
  private readonly ended: LabelledCounter<keyof typeof END_REASONS>;
  private readonly refused: LabelledCounter<keyof typeof REFUSALS>;
  private readonly unusable: LabelledCounter<keyof typeof UNUSABLE_REASONS>;
  private readonly quarantined: LabelledCounter<keyof typeof QUARANTINE_REASONS>;
  private readonly resurrections: LabelledCounter<keyof typeof RESURRECTIONS>;
  private readonly closed: LabelledCounter<`${keyof typeof CLOSE_CODES}`>;
  private readonly breaker: Gauge;
  private readonly transitions: LabelledCounter<keyof typeof BREAKER_STATES>;
  private readonly merges: Counter;
  private readonly conflicts: Counter;
  private readonly pruned: Counter;

  constructor(registry: Registry) {
    super();
    const commands = new LatencyHistogram(registry, {
      name: 'latchkey_store_command_duration_seconds',
      help: 'Time until Redis answered or failed, by what the store asked for.',
      buckets: COMMAND_BUCKETS,
    });
    const operations = Object.keys(STORE_OPERATIONS) as StoreOperation[];
    this.commands = new Map(operations.map((operation) => [operation, commands.with({ operation })]));
    const revocations = new LatencyHistogram(registry, {
      name: 'latchkey_revocation_duration_seconds',
      help: 'Time until Redis had acknowledged a revocation: in force, on every replica too, or not confirmed by them.',
      buckets: REVOCATION_BUCKETS,
    });
    this.revocations = new Map(
      Object.keys(DURABILITIES).map((durability) => [durability, revocations.with({ durability })]),
    );
    const byLabel = <Value extends string>(
      name: string,
      label: string,
      values: Record<Value, true>,
      help: string,
    ) => new LabelledCounter<Value>(registry, { name, help, label, values });
    const total = (name: string, help: string) => new Counter({ name, help, registers: [registry] });

    this.errors = byLabel(
      'latchkey_store_errors_total',
      'operation',
      STORE_OPERATIONS,
      'Commands that Redis did not answer or refused, by what the store asked for.',
    );
    this.created = byLabel(
      'latchkey_sessions_created_total',
      'kind',
      KINDS,
      'Sessions made: of users, of visitors.',
    );
    this.ended = byLabel(
      'latchkey_sessions_ended_total',
      'reason',
      END_REASONS,
      'Sessions ended before their time.',
    );
    this.refused = byLabel(
      'latchkey_sessions_refused_total',
      'reason',
      REFUSALS,
      'Sessions that were not made and changes that were not saved.',
    );
    this.unusable = byLabel(
      'latchkey_session_records_unusable_total',
      'reason',
      UNUSABLE_REASONS,
      'Records that a request came upon and that count as no session.',
    );
    this.quarantined = byLabel(
      'latchkey_session_records_quarantined_total',
      'reason',
      QUARANTINE_REASONS,
      'Records that were moved out of the way.',
    );
    this.resurrections = byLabel(
      'latchkey_session_resurrections_prevented_total',
      'operation',
      RESURRECTIONS,
      'Saves and touches that came for a session that had ended, and did not bring it back.',
    );
    this.closed = byLabel(
      'latchkey_connections_closed_total',
      'code',
      CLOSE_CODES,
      'Connections that were closed: since their session has ended (4401), since nobody could say (4503), by the client.',
    );
    this.breaker = new Gauge({
      name: 'latchkey_store_breaker_open',
      help: 'Whether commands are refused without being sent, since Redis does not answer: 1 or 0.',
      registers: [registry],
    });
    this.transitions = byLabel(
      'latchkey_store_breaker_transitions_total',
      'state',
      BREAKER_STATES,
      'Changes of what is known of Redis: it does not answer, is being asked, answers.',
    );
    this.merges = total(
      'latchkey_session_merges_total',
      'Saves brought together with those of other requests.',
    );
    this.conflicts = total(
      'latchkey_session_merge_conflicts_total',
      'Values that two requests changed differently, so that the later save won.',
    );
    this.pruned = total(
      'latchkey_session_index_pruned_total',
      'Dead members taken out of users’ indexes by logins, lists, saves and touches.',
    );
  }

  override onStoreCommand(operation: StoreOperation, durationMs: number): void {
    this.commands.get(operation)?.observe(durationMs / 1_000);
  }

  onSessionEvent(event: SessionEvent): void {
    switch (event.type) {
      case 'created':
        return this.created.inc(event.anonymous ? 'visitor' : 'user');
      case 'ended':
        return this.ended.inc(event.reason, event.count);
      case 'refused':
        return this.refused.inc(event.reason);
      case 'merged':
        this.merges.inc();
        return this.conflicts.inc(event.conflicts);
      case 'ignored':
        return this.unusable.inc(event.reason);
      case 'quarantined':
        return this.quarantined.inc(event.reason);
      case 'resurrection-prevented':
        return this.resurrections.inc(event.operation);
      case 'pruned':
        return this.pruned.inc(event.count);
      case 'breaker':
        this.breaker.set(event.state === 'closed' ? 0 : 1);
        return this.transitions.inc(event.state);
      case 'revocation':
        return this.revocations.get(event.reason)?.observe(event.durationMs / 1_000);
      case 'connection-closed':
        return this.closed.inc(`${event.code}`);
      case 'store-failed':
        return this.errors.inc(event.operation);
    }
  }
}
