import type { Stage } from '@app/policy';
import type { ModelVersion } from './model-version.js';
import { type PlannedMove, touchedTargets } from './target-move.js';

const version = (number: number, stage: Stage): ModelVersion => ({ id: String(number), number, stage }) as ModelVersion;
const touched = (move: Pick<PlannedMove, 'target' | 'version' | 'incumbent' | 'archived'>) =>
  touchedTargets(move).map(({ name }) => name);

describe('the targets that a move touches', () => {
  const production = { kind: 'STAGE', name: 'Production' } as const;

  it('are the stage that is left and the one that is entered', () => {
    const move = { target: production, version: version(2, 'Staging'), incumbent: undefined, archived: [] };
    expect(touched(move)).toEqual(['Production', 'Staging']);
  });

  it('are also Archived, when somebody is archived', () => {
    const holder = version(1, 'Production');
    const move = { target: production, version: version(2, 'None'), incumbent: holder, archived: [holder] };
    expect(touched(move)).toEqual(['Production', 'None', 'Archived']);
  });

  it('are the stage itself, when a version stays and others are archived out of it', () => {
    const move = { target: production, version: version(2, 'Production'), incumbent: version(2, 'Production') };
    expect(touched({ ...move, archived: [version(1, 'Production')] })).toEqual(['Production', 'Archived']);
  });

  it('are none, when nothing changes', () => {
    const holder = version(2, 'Production');
    expect(touched({ target: production, version: holder, incumbent: holder, archived: [] })).toEqual([]);
    const champion = { kind: 'ALIAS', name: 'champion' } as const;
    expect(touched({ target: champion, version: holder, incumbent: holder, archived: [] })).toEqual([]);
    expect(touched({ target: champion, version: holder, incumbent: version(1, 'None'), archived: [] })).toEqual([
      'champion',
    ]);
  });
});
