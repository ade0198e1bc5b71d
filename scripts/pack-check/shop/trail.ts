import { Injectable } from '@nestjs/common';
import { type SecurityEvent, SecurityEvents } from 'latchkey';

/** Where the shop's security events go: here into memory, elsewhere into a log or a table. */
@Injectable()
export class Trail extends SecurityEvents {
  readonly types: SecurityEvent['type'][] = [];

  record({ type }: SecurityEvent): void {
    this.types.push(type);
  }
}
