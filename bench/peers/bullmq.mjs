// BullMQ alone: jobs that do nothing, on the backend that the service would use. Prints the jobs per second.
//   node bench/peers/bullmq.mjs JOBS CONCURRENCY     with DATABASE_URL or REDIS_URL
import { createPostgresBackend, Queue, setDefaultBackendFactory, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [jobs, concurrency] = process.argv.slice(2).map(Number);
const { REDIS_URL, DATABASE_URL } = process.env;
if (!REDIS_URL) setDefaultBackendFactory(createPostgresBackend);
const redis = REDIS_URL ? new Redis(REDIS_URL, { maxRetriesPerRequest: null }) : undefined;
const connection = redis ?? { connectionString: DATABASE_URL, schema: 'bullmq_alone', migrate: true, max: 3 };

const name = `bench-${process.pid}`;
const queue = new Queue(name, { connection });
await queue.addBulk(
  Array.from({ length: jobs }, (_, index) => ({
    name: 'nothing',
    data: { index },
    opts: { removeOnComplete: true, removeOnFail: true },
  })),
);

let started;
let done = 0;
await new Promise((resolve) => {
  const worker = new Worker(name, async () => (started ??= performance.now()), { connection, concurrency });
  worker.on('completed', () => {
    done++;
    if (done === jobs) resolve(worker.close());
  });
});
const seconds = (performance.now() - started) / 1000;
await queue.obliterate({ force: true });
await queue.close();
redis?.disconnect();
console.log(JSON.stringify({ perSecond: jobs / seconds }));
process.exit(0);
