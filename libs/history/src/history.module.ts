import { Module } from '@nestjs/common';
import { AccessStateReader } from './access-state.reader.js';
import { History } from './history.service.js';
import { HolderReader } from './holder.reader.js';
import { SecurableStateReader } from './securable-state.reader.js';

@Module({
  providers: [History, AccessStateReader, HolderReader, SecurableStateReader],
  exports: [History],
})
export class HistoryModule {}
