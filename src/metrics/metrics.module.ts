import {
  Global,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { listenForMetrics } from './metrics.server.js';
import { ProgramMetrics } from './program-metrics.js';

const METRICS_OPTIONS = Symbol('METRICS_OPTIONS');

export interface MetricsModuleOptions {
  /** Port of a listener of its own; undefined: none. */
  port: number | undefined;
  host: string;
  /** Whether the main port answers `/metrics` too, when there is no listener of its own. */
  onMainPort: boolean;
}

/** Collects metrics and serves them where the options say. Global: whoever has something to count counts it. */
@Global()
@Module({})
export class MetricsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    @Inject(METRICS_OPTIONS) private readonly options: MetricsModuleOptions,
  ) {}

  static forRoot(options: MetricsModuleOptions): DynamicModule {
    const onMainPort = options.port === undefined && options.onMainPort;
    return {
      module: MetricsModule,
      controllers: onMainPort ? [MetricsController] : [],
      providers: [Metrics, ProgramMetrics, { provide: METRICS_OPTIONS, useValue: options }],
      exports: [Metrics],
    };
  }

  /** Port of the listener; undefined when there is none. */
  get port(): number | undefined {
    return (this.server?.address() as AddressInfo | undefined)?.port;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { port, host } = this.options;
    if (port === undefined) return;
    this.server = await listenForMetrics(this.metrics, port, host).catch((error: Error) => {
      throw new Error(whyNot(error, this.options), { cause: error });
    });
    new Logger('Metrics').log(`Metrics at http://${host}:${this.port}/metrics`);
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

function whyNot({ code }: NodeJS.ErrnoException, { port, host }: MetricsModuleOptions): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} (set as METRICS_PORT) is taken by another program. End that one, or set METRICS_PORT to a free port.`;
  return `Metrics cannot be served at ${host}:${port}. Set METRICS_HOST to an address of this machine and METRICS_PORT to a port that may be used.`;
}
