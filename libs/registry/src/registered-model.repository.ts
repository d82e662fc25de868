import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';

/** What a registered model has beside its securable. Deleting the securable deletes it, its versions and their rows. */
@Injectable()
export class RegisteredModelRepository {
  constructor(private readonly db: Database) {}

  async insert(id: string): Promise<void> {
    await this.db.execute(sql`INSERT INTO registered_models (id) VALUES (${id}::uuid)`);
  }
}
