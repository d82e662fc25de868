/** A range, both ends inclusive; at least one of them is there. */
export interface MetricBounds {
  min?: number;
  max?: number;
}

/**
 * A value against its bounds, as people read it: `auc is 0.7, below the bound: at least 0.9`. NaN is in no range: it
 * compares false with every bound.
 */
export function againstBounds(
  name: string,
  value: number,
  { min, max }: MetricBounds,
): { holds: boolean; text: string } {
  const tooLow = min !== undefined && value < min;
  const tooHigh = max !== undefined && value > max;
  const holds = !Number.isNaN(value) && !tooLow && !tooHigh;
  const verdict = holds ? 'within' : tooLow ? 'below' : tooHigh ? 'above' : 'not within';
  return { holds, text: `${name} is ${value}, ${verdict} the bound: ${described(min, max)}` };
}

/** JSON knows neither NaN nor infinities. */
export const jsonNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

function described(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}`;
  return min !== undefined ? `at least ${min}` : `at most ${max}`;
}
