import { Metrics, Readiness, type ReadinessReport } from '@app/platform';
import { Controller, Get, Header, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** For load balancers, orchestrators and Prometheus; without authentication. */
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
  ) {}

  /** As MLflow's own server answers. */
  @Get('health')
  health(): string {
    return 'OK';
  }

  /** The process runs: restarting it would help nothing that is wrong elsewhere. */
  @Get('health/live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** The process can do its work: 503 while PostgreSQL or the queue's backend is away. */
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    reply.status(report.ready ? 200 : 503);
    return report;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  prometheus(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
