import { loadConfig } from '@app/platform';
import { GateSlots } from './gate-slots.js';

const slots = (GATE_TYPE_CONCURRENCY: string) =>
  new GateSlots(loadConfig({ DATABASE_URL: 'postgresql://localhost/x', GATE_TYPE_CONCURRENCY }));

describe('GateSlots', () => {
  it('lets as many gates of a type run as the setting says, and any number of the others', () => {
    const taken = slots('ARTIFACT_SCAN=2,SIGNATURE=1');
    expect(
      ['ARTIFACT_SCAN', 'ARTIFACT_SCAN', 'ARTIFACT_SCAN', 'SIGNATURE', 'SIGNATURE'].map((type) => taken.take(type)),
    ).toEqual([true, true, false, true, false]);
    expect(Array.from({ length: 100 }, () => taken.take('LINEAGE')).every(Boolean)).toBe(true);
    taken.giveBack('ARTIFACT_SCAN');
    expect(taken.take('ARTIFACT_SCAN')).toBe(true);
    expect(taken.take('ARTIFACT_SCAN')).toBe(false);
  });

  it('refuses what is no type of gate, and what is no list', () => {
    expect(() => slots('ARTEFACT_SCAN=1')).toThrow(
      /^GATE_TYPE_CONCURRENCY: ARTEFACT_SCAN: no type of gate; there are METRIC/,
    );
    expect(() => slots('ARTIFACT_SCAN=0')).toThrow(
      /GATE_TYPE_CONCURRENCY \("ARTIFACT_SCAN=0"\): must be types of gates/,
    );
  });
});
