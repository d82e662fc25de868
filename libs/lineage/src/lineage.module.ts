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
import { LineageReader } from './lineage.reader.js';
import { Lineage } from './lineage.service.js';
import { LineageWalker } from './lineage-walker.js';
import { RunLineageReader } from './run-lineage.reader.js';

const doors = [ConsumerLog, Consumers, Lineage, LineageDatasets, RunLineageReader];

@Module({
  imports: [RegistryModule, TrackingModule],
  providers: [
    ...doors,
    ConsumerReader,
    ConsumerRepository,
    DatasetImpactReader,
    LineageDatasetReader,
    LineageReader,
    LineageWalker,
  ],
  exports: doors,
})
export class LineageModule {}
