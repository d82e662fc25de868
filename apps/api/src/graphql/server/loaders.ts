import { currentContext, runInContext } from '@app/platform';
import DataLoader from 'dataloader';

/** One batch answers many fields: what it asks of the decision core, it asks for each that waits for it. */
class SharedLoader<Value> extends DataLoader<string, Value> {
  private readonly asked = new Set<string>();

  constructor(load: (keys: string[]) => Promise<Value[]>) {
    super((keys) => {
      const context = currentContext();
      const work = () => load([...keys]);
      return context ? runInContext({ ...context, asked: this.asked }, work) : work();
    });
  }

  override async load(key: string): Promise<Value> {
    const value = await super.load(key);
    const asked = currentContext()?.asked;
    for (const question of this.asked) asked?.add(question);
    return value;
  }
}

/**
 * One batched look-up: the keys of one tick in one statement. Made for each request, because its cache must not outlive
 * the caller's rights.
 */
export const loader = <Value>(load: (keys: string[]) => Promise<Value[]>, keyOf: (value: Value) => string) =>
  new SharedLoader<Value | null>(async (keys) => {
    const values = await load(keys);
    const byKey = new Map(values.map((value) => [keyOf(value), value]));
    return keys.map((key) => byKey.get(key) ?? null);
  });

/** As `loader`, for keys that stand for any number of values. */
export const listLoader = <Value>(load: (keys: string[]) => Promise<Value[]>, keyOf: (value: Value) => string) =>
  new SharedLoader<Value[]>(async (keys) => {
    const byKey = new Map<string, Value[]>(keys.map((key) => [key, []]));
    for (const value of await load(keys)) byKey.get(keyOf(value))?.push(value);
    return keys.map((key) => byKey.get(key) as Value[]);
  });
