import { Module } from '@nestjs/common';
import { AccessStateReader } from './access-state.reader.js';
import { ChangeReader } from './change.reader.js';
import { Changes } from './changes.service.js';
import { DeletedPeriods } from './deleted-periods.reader.js';
import { History } from './history.service.js';
import { HolderReader } from './holder.reader.js';
import { SecurableStateReader } from './securable-state.reader.js';

@Module({
  providers: [Changes, History, ChangeReader, AccessStateReader, DeletedPeriods, HolderReader, SecurableStateReader],
  exports: [Changes, History],
})
export class HistoryModule {}
