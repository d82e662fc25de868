import { InvalidArgument } from '@app/platform';

/** Loads of a version by a principal on one day of UTC, as they are added to what is known. */
export interface Loads {
  versionId: string;
  modelId: string;
  principalId: string;
  /** 2026-11-21 */
  day: string;
  loads: number;
  firstAt: Date;
  lastAt: Date;
}

/** Who loads a version, or the versions of a model, summed over days. */
export interface Consumer {
  principalId: string;
  loads: number;
  /** On how many days. */
  days: number;
  firstAt: Date;
  lastAt: Date;
}

/** How much it is used, without names. */
export interface Usage {
  loads: number;
  consumers: number;
  lastAt: Date | null;
  /** Days without a load are left out; the first day first. */
  days: { day: string; loads: number; consumers: number }[];
}

/** What is asked about: a version, or a model with all its versions, those included that are deleted by now. */
export type Consumed = { versionId: string } | { modelId: string };

const dayInMs = 86_400_000;
/** The days of a usage are answered at once, and not by pages. */
const mostDays = 366;
const usualDays = 30;

/** The day of an instant in UTC. */
export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/**
 * The first day of a usage; of the last 30 days when nothing is said.
 * @throws InvalidArgument when the days would be too many
 */
export function firstDay(since: Date | null, now: Date): string {
  const from = since ?? new Date(now.getTime() - usualDays * dayInMs);
  if (now.getTime() - from.getTime() > mostDays * dayInMs) {
    throw new InvalidArgument(
      `since: ${from.toISOString()} is more than ${mostDays} days ago: ask for ${mostDays} days at most`,
      ['since'],
    );
  }
  return dayOf(from);
}
