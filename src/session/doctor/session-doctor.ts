import { Inject, Injectable } from '@nestjs/common';
import { SESSION_STORE } from '../session.tokens.js';
import type { DecodedSession } from '../store/session-codec.js';
import type { NoRecord } from '../store/session-record.js';
import type { SessionEngine } from '../store/session-engine.js';
import { scanKeys } from '../store/scan.js';
import type { RedisSessionStore } from '../store/redis-session.store.js';
import type { SessionAddress } from '../token/session-id.js';
import { type DoctorClient, withDoctorScripts } from './doctor-scripts.js';
import { type QuarantineReport, reportQuarantine } from './quarantine-report.js';
import { describeSession, type SessionInspection } from './session-inspection.js';
import { diagnose, type Finding, FINDINGS, type SessionFacts } from './session-findings.js';

const MEMBERS_AT_A_TIME = 200;

/** What an examination of all sessions has found. */
export interface DoctorReport {
  /** How many session records and user indexes were looked at. */
  records: number;
  indexes: number;
  /** How many of each kind of inconsistency; see `FINDINGS` for what they mean. */
  findings: Record<Finding, number>;
  /** How many of them were put right. */
  repaired: number;
  quarantine: QuarantineReport;
}

/**
 * Looks for records and indexes in Redis that contradict each other. It works beside a running program: every look at a
 * session is one script, and every repair checks again what it is about to change. Sessions that begin or end during
 * the examination may or may not be looked at.
 *
 * Every method fails with SessionStoreUnavailableError when Redis does not answer.
 */
@Injectable()
export class SessionDoctor {
  private readonly engine: SessionEngine;
  private readonly client: DoctorClient;

  constructor(@Inject(SESSION_STORE) store: RedisSessionStore) {
    this.engine = store.engine;
    this.client = withDoctorScripts(this.engine.redis.ungated);
  }

  /**
   * Looks at every session record and every index, in chunks.
   * @param options.repair deletes what is dead, moves into quarantine what cannot be read, and makes TTLs and indexes
   *   agree with the records. No session lives longer by it. Records of another format version are left alone, and so
   *   are those of another user: they are what the records of everybody look like to a program with the wrong index keys.
   */
  async examine(options: { repair?: boolean } = {}): Promise<DoctorReport> {
    const { client, keys } = this.engine.redis;
    const repair = options.repair ?? false;
    const findings = Object.fromEntries(
      Object.keys(FINDINGS).map((finding) => [finding, 0]),
    ) as DoctorReport['findings'];
    const report: DoctorReport = {
      records: 0,
      indexes: 0,
      findings,
      repaired: 0,
      quarantine: { count: 0, records: [] },
    };
    await this.ask(async () => {
      // Indexes first: what is taken away there, the records put back.
      for await (const found of scanKeys(client, keys.allIndexes)) {
        for (const key of unique(found)) await this.examineIndex(report, key, repair);
      }
      for await (const found of scanKeys(client, keys.allSessions)) {
        await Promise.all(unique(found).map((key) => this.examineRecord(report, key, repair)));
      }
      report.quarantine = await reportQuarantine(this.engine.redis);
    });
    return report;
  }

  /**
   * What Redis holds about one session of a user, without the values of its data.
   * @param sessionId the handle, as listings show it
   * @returns null when his index has no such session
   */
  async inspect(userId: string, sessionId: string): Promise<SessionInspection | null> {
    for (const tag of this.engine.ring.oldestFirst(userId)) {
      const digest = await this.engine.users.findIndexed(
        tag,
        (one) => this.engine.ring.handle(one) === sessionId,
      );
      if (digest === undefined) continue;
      const at = { tag, digest, ofUser: true };
      const facts = await this.ask(() => this.read(at));
      const { decoded, findings } = this.judge(at, facts);
      return describeSession(
        sessionId,
        this.engine.redis.keys.session(tag, digest),
        facts,
        decoded,
        findings,
      );
    }
    return null;
  }

  private async examineRecord(report: DoctorReport, key: string, repair: boolean): Promise<void> {
    const at = this.engine.redis.keys.parseSession(key);
    if (!at) return;
    report.records += 1;
    const facts = await this.read(at);
    const { decoded, findings } = this.judge(at, facts);
    for (const finding of findings) report.findings[finding] += 1;
    if (!repair || findings.length === 0 || findings.some((finding) => LEFT_ALONE.includes(finding))) return;
    if (await this.mend(at, facts, decoded, findings)) report.repaired += findings.length;
  }

  private async examineIndex(report: DoctorReport, key: string, repair: boolean): Promise<void> {
    const tag = this.engine.redis.keys.parseIndex(key);
    if (tag === undefined) return;
    report.indexes += 1;
    const note = (finding: Finding, count: number, repaired: boolean) => {
      report.findings[finding] += count;
      if (repaired) report.repaired += count;
    };
    if ((await this.client.type(key)) !== 'zset') {
      note('index-corrupt', 1, repair && (await this.client.unlink(key)) === 1);
      return;
    }
    let cursor = '0';
    do {
      const [next, scored] = await this.client.zscan(key, cursor, 'COUNT', MEMBERS_AT_A_TIME);
      cursor = next;
      const digests = unique(scored.filter((_, position) => position % 2 === 0));
      const prefix = this.engine.redis.keys.sessions(tag);
      const dangling = (await this.client.lkCheckMembers(
        key,
        prefix,
        repair ? '1' : '0',
        ...digests,
      )) as number;
      note('member-without-record', dangling, repair);
    } while (cursor !== '0');
    if ((await this.client.pttl(key)) !== -1) return;
    // Longer than any session in it, so it hides none.
    note(
      'index-without-ttl',
      1,
      repair && (await this.client.pexpire(key, this.engine.redis.generationTtlMs)) === 1,
    );
  }

  private judge(
    at: SessionAddress,
    facts: SessionFacts,
  ): { decoded: DecodedSession | NoRecord; findings: Finding[] } {
    const decoded = facts.type === 'string' ? this.engine.codec.decode(facts.raw) : 'corrupt';
    const user = typeof decoded === 'string' ? undefined : this.engine.options.userOf(decoded.data);
    const owned = at.ofUser
      ? user !== undefined && this.engine.ring.owns(user.id, at.tag)
      : user === undefined;
    return { decoded, findings: diagnose(at, facts, decoded, owned) };
  }

  /** @returns whether what was found is put right */
  private async mend(
    at: SessionAddress,
    facts: SessionFacts,
    decoded: DecodedSession | NoRecord,
    findings: Finding[],
  ): Promise<boolean> {
    const [record, index, generation] = this.keysOf(at);
    if (decoded === 'corrupt') return this.engine.quarantine.move(at);
    if (typeof decoded === 'string' || findings.includes('record-dead')) {
      return (await this.client.lkDiscardSession(record, index, at.digest, flag(at.ofUser), facts.raw)) === 1;
    }
    const idleTimeoutMs = Math.floor(this.engine.idleTimeoutMs({ meta: decoded.meta }, decoded.data));
    await this.client.lkMendSession(record, index, generation, at.digest, flag(at.ofUser), idleTimeoutMs);
    return true;
  }

  private async read(at: SessionAddress): Promise<SessionFacts> {
    const reply = await this.client.lkExamineSession(...this.keysOf(at), at.digest, flag(at.ofUser));
    const [nowMs, type, raw, ttlMs, score, indexTtlMs, generation] = reply as [
      number,
      string,
      string,
      number,
      string,
      number,
      string,
    ];
    return {
      nowMs,
      type,
      raw,
      ttlMs,
      scoreMs: score === '' ? undefined : Number(score),
      indexTtlMs,
      generation: Number(generation),
    };
  }

  private keysOf({ tag, digest }: SessionAddress): [string, string, string] {
    const { keys } = this.engine.redis;
    return [keys.session(tag, digest), keys.index(tag), keys.generation(tag)];
  }

  private async ask<T>(work: () => Promise<T>): Promise<T> {
    return this.engine.redis.ask('doctor', work());
  }
}

const LEFT_ALONE: Finding[] = ['record-foreign', 'record-of-other-version'];

// SCAN and ZSCAN may return an element more than once.
const unique = (found: string[]) => [...new Set(found)];

const flag = (value: boolean) => (value ? '1' : '0');
