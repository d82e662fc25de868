import { Config } from '@app/platform';
import { gateTypes } from '@app/policy';
import { Injectable } from '@nestjs/common';

/** How many gates of a type this worker runs at once: a flood of heavy gates must not keep the light ones waiting. */
@Injectable()
export class GateSlots {
  private readonly limits: ReadonlyMap<string, number>;
  private readonly running = new Map<string, number>();

  /** @throws Error when the setting names what is no type of gate */
  constructor(config: Config) {
    const pairs = config.settings.GATE_TYPE_CONCURRENCY.split(',').map((pair) => pair.split('='));
    this.limits = new Map(pairs.map(([type = '', limit]) => [type, Number(limit)]));
    const known: readonly string[] = gateTypes;
    const unknown = [...this.limits.keys()].filter((type) => !known.includes(type));
    if (unknown.length > 0) {
      throw new Error(`GATE_TYPE_CONCURRENCY: ${unknown.join(', ')}: no type of gate; there are ${known.join(', ')}`);
    }
  }

  /** @returns false when as many as may run already; otherwise whoever took the slot gives it back */
  take(type: string): boolean {
    const running = this.running.get(type) ?? 0;
    if (running >= (this.limits.get(type) ?? Number.POSITIVE_INFINITY)) return false;
    this.running.set(type, running + 1);
    return true;
  }

  giveBack(type: string): void {
    this.running.set(type, (this.running.get(type) ?? 1) - 1);
  }
}
