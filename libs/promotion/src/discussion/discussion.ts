/** A discussion on a request. While a blocking one is not resolved, the request is not approved. */
export interface DiscussionThread {
  id: string;
  requestId: string;
  blocking: boolean;
  openedBy: string;
  openedAt: Date;
  resolvedBy: string | null;
  resolvedAt: Date | null;
}

/** What somebody said. It is never changed. */
export interface DiscussionComment {
  id: string;
  threadId: string;
  authorId: string;
  text: string;
  madeAt: Date;
}
