import { restClient } from '../scripts/demo/rest-client.mjs';
import { playStory } from '../scripts/demo/story.mjs';
import { createTestApp, type TestApp } from './support/app.js';
import { startWorker, type TestProcess } from './support/processes.js';

/** The main job of the service, end to end: the API over HTTP, the real worker, a real queue. */
describe('the main story', () => {
  let t: TestApp;
  let worker: TestProcess;
  beforeAll(async () => {
    t = await createTestApp();
    worker = await startWorker(t.env);
  });
  afterAll(async () => {
    await worker.stop();
    await t.close();
  });

  it('runs from registration to the audit trail, and runs again', async () => {
    const admin = await t.make.admin('root');
    const play = () =>
      playStory({
        service: { url: t.url },
        adminToken: admin.token,
        client: restClient({ url: t.url }),
        say: () => undefined,
      });
    const first = await play();
    expect(first).toMatchObject({ good: 1, weak: 2 });
    expect(first.transitions).toHaveLength(1);
    const second = await play();
    expect(second).toMatchObject({ good: 3, weak: 4 });
    expect(second.transitions[0]).toMatchObject({ versionNumber: 3, replacedVersionNumber: 1 });
  });
});
