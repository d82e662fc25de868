import type { Target } from './target.js';

/** A version that somebody wants to hold a target. */
export interface AskedMove {
  target: Target;
  version: number;
}

/** Where a promotion request is opened: a page of its own at the service's address, whoever shows it. */
export function newRequestUrl(publicUrl: string, model: string, target: Target, version?: number): string {
  const query = new URLSearchParams({
    model,
    ...(version !== undefined && { version: String(version) }),
    [target.kind.toLowerCase()]: target.name,
  });
  return `${publicUrl}/approvals/new?${query}`;
}

/** Where one that is there is looked at. */
export const requestUrl = (publicUrl: string, number: number): string => `${publicUrl}/approvals/${number}`;
