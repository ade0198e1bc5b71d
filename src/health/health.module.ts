import { Module } from '@nestjs/common';

import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

/** Liveness and readiness. Needs Redis, Database, HttpDrain and JournalReplay from modules that are global. */
@Module({ controllers: [HealthController], providers: [HealthService] })
export class HealthModule {}
