import { AccessModule } from '@app/access';
import { Module } from '@nestjs/common';
import { QueueBoard } from './queue-board.js';
import { QueueBoardRoutes } from './queue-board.routes.js';

/** The door for operators who want to see the queues. */
@Module({ imports: [AccessModule], providers: [QueueBoard, QueueBoardRoutes] })
export class QueuesModule {}
