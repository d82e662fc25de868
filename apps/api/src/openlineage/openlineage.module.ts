import { LineageModule } from '@app/lineage';
import { Module } from '@nestjs/common';
import { OpenLineageController } from './openlineage.controller.js';

/** The door for producers of OpenLineage: Spark, Airflow, dbt and others. */
@Module({ imports: [LineageModule], controllers: [OpenLineageController] })
export class OpenLineageModule {}
