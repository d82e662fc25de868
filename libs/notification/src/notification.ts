export const notificationKinds = [
  'APPROVAL_AWAITED',
  'WAIVER_AWAITED',
  'REVIEW_AWAITED',
  'REQUEST_OUTCOME',
  'COMMENT',
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

export const notificationStates = ['PENDING', 'SENT', 'DROPPED', 'FAILED'] as const;
export type NotificationState = (typeof notificationStates)[number];

export const channels = ['EMAIL', 'SLACK'] as const;
export type Channel = (typeof channels)[number];

/** That somebody is to be told of something, once. What it says is worked out when it is sent, with the rights of then. */
export interface Notification {
  id: string;
  kind: NotificationKind;
  requestId: string;
  requestNumber: number;
  /** What of the request it is about: the evidence digest, the waiver, the state and its move, the comment. */
  occasion: string;
  channel: Channel;
  /** Null: the channel of the installation. */
  principalId: string | null;
  state: NotificationState;
  /** Why it was dropped, or what failed last. */
  detail: string | null;
  attempts: number;
  createdAt: Date;
  closedAt: Date | null;
}

/** The occasion of an outcome: each time that a request comes into a state is another one. */
export const outcomeOccasion = (state: string, moveId: string): string => `${state} ${moveId}`;
export const stateOfOutcome = (occasion: string): string => occasion.split(' ')[0] ?? '';
