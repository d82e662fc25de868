import { OutboundModule } from '@app/outbound';
import { RegistryModule } from '@app/registry';
import { TrackingModule } from '@app/tracking';
import { Module } from '@nestjs/common';
import { ConsumerReader } from './consumer.reader.js';
import { ConsumerRepository } from './consumer.repository.js';
import { Consumers } from './consumer.service.js';
import { ConsumerLog } from './consumer-log.js';
import { LineageDatasetReader } from './dataset.reader.js';
import { LineageDatasets } from './dataset.service.js';
import { DatasetImpactReader } from './dataset-impact.reader.js';
import { PromotionEventReader } from './emission/promotion-event.reader.js';
import { PromotionEvents } from './emission/promotion-events.service.js';
import { EndpointReader } from './endpoint.reader.js';
import { EndpointRepository } from './endpoint.repository.js';
import { ModelEndpoints } from './endpoint.service.js';
import { LineageReader } from './lineage.reader.js';
import { Lineage } from './lineage.service.js';
import { LineageWalker } from './lineage-walker.js';
import { JobReader } from './openlineage/job.reader.js';
import { JobRepository } from './openlineage/job.repository.js';
import { Jobs } from './openlineage/jobs.service.js';
import { LineageEvents } from './openlineage/lineage-events.service.js';
import { RunLineageReader } from './run-lineage.reader.js';

const doors = [
  ConsumerLog,
  Consumers,
  Jobs,
  Lineage,
  LineageDatasets,
  LineageEvents,
  ModelEndpoints,
  PromotionEvents,
  RunLineageReader,
];

@Module({
  imports: [OutboundModule, RegistryModule, TrackingModule],
  providers: [
    ...doors,
    ConsumerReader,
    ConsumerRepository,
    DatasetImpactReader,
    EndpointReader,
    EndpointRepository,
    JobReader,
    JobRepository,
    LineageDatasetReader,
    LineageReader,
    LineageWalker,
    PromotionEventReader,
  ],
  exports: doors,
})
export class LineageModule {}
