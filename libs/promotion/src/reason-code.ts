/** Why somebody may or may not decide. */
export const reasonCodes = [
  'ALLOWED',
  'NOT_ELIGIBLE',
  'REQUESTER_CANNOT_SELF_APPROVE',
  'ALREADY_DECIDED',
  'NOT_PENDING',
  'GATES_NOT_PASSED',
  'VERSION_CREATOR_CANNOT_APPROVE',
  'RUN_AUTHOR_CANNOT_APPROVE',
  'MISSING_PRIVILEGE',
] as const;
export type ReasonCode = (typeof reasonCodes)[number];
