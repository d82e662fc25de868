import { Access } from '@app/access';
import { Database, keysetPage, type Page, type SortKey } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql, { raw, type Sql } from 'sql-template-tag';
import { type Experiment, stagesOf, type ViewType } from './experiment.js';
import { experimentColumns } from './experiment.repository.js';
import {
  all,
  type Condition,
  compareNumber,
  compareTags,
  compareText,
  largestPage,
  type Ordering,
  plainOrder,
  refuseKey,
  type Search,
  searchName,
} from './search.js';

export interface ExperimentSearch extends Search {
  viewType: ViewType;
}

const attributes = ['name', 'experiment_id', 'creation_time', 'last_update_time'];
const epochMs = (column: string): Sql => raw(`(extract(epoch FROM ${column}) * 1000)`);

function conditionSql(condition: Condition): Sql {
  const { entity, key } = condition;
  if (entity === 'tag') return compareTags('securable_tags', 'securable_id', raw('s.id'), condition);
  if (entity !== 'attribute') return refuseKey(condition, attributes);
  if (key === 'name') return compareText(raw('s.name'), condition);
  if (key === 'experiment_id') return compareText(raw('e.id::text'), condition, { lists: true });
  if (key === 'creation_time') return compareNumber(epochMs('s.created_at'), condition);
  if (key === 'last_update_time') return compareNumber(epochMs('s.updated_at'), condition);
  return refuseKey(condition, attributes);
}

function sortKey({ entity, key, ascending }: Ordering): SortKey {
  if (entity !== 'attribute') return refuseKey({ entity, key }, attributes);
  if (key === 'name') return plainOrder('s.name', 'text', ascending);
  if (key === 'experiment_id') return plainOrder('e.id', 'int8', ascending);
  if (key === 'creation_time') return plainOrder('s.created_at', 'timestamptz', ascending);
  if (key === 'last_update_time') return plainOrder('s.updated_at', 'timestamptz', ascending);
  return refuseKey({ entity, key }, attributes);
}

const newestFirst: Ordering[] = [{ entity: 'attribute', key: 'creation_time', ascending: false }];

@Injectable()
export class ExperimentReader {
  constructor(
    private readonly db: Database,
    private readonly access: Access,
  ) {}

  async search({ filter, orderBy, viewType, page }: ExperimentSearch): Promise<Page<Experiment>> {
    const visible = await this.access.where('READ', 'EXPERIMENT', 's');
    const orderings = orderBy.length > 0 ? orderBy : newestFirst;
    return keysetPage<Experiment, Experiment>(this.db, {
      select: experimentColumns,
      from: sql`experiments e JOIN securables s ON s.id = e.securable_id`,
      where: all([visible, sql`e.lifecycle_stage = ANY(${stagesOf[viewType]}::text[])`, ...filter.map(conditionSql)]),
      orderName: searchName('experiments', filter, orderings, viewType),
      order: [...orderings.map(sortKey), plainOrder('e.id', 'int8', false)],
      args: page,
      toNode: (experiment) => experiment,
      maxPageSize: largestPage,
    });
  }
}
